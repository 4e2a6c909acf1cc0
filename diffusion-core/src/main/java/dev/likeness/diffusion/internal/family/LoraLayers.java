package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.KeyMapping;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The layers of a family in LoRA files, as data: the kinds of bases, the keys that identify them,
 * and the layer names of the network's authors. The reader of LoRA files builds keys from them.
 *
 * @param kinds the kinds of bases of this family
 * @param signatures keys that identify a file
 * @param absent a part of keys that only other families with the same names have: a file without
 *     them fits this family; null if no other family has the same names
 * @param names the layer names of a transformer
 * @param unetKeys returns the key format of single files, without a prefix, for a UNet with these
 *     layers in diffusers; LoRA files have its names too. Empty for a transformer
 */
public record LoraLayers(
    List<Kind> kinds,
    List<Signature> signatures,
    Pattern absent,
    LayerNames names,
    Function<Collection<String>, Optional<KeyMapping>> unetKeys) {
  /** Creates the layers of a family of transformers. */
  public LoraLayers(
      List<Kind> kinds, List<Signature> signatures, Pattern absent, LayerNames names) {
    this(kinds, signatures, absent, names, layers -> Optional.empty());
  }

  /**
   * A kind of bases.
   *
   * @param id such as {@code sdxl}
   * @param title its name in messages
   * @param textWidth the input width of cross-attention layers, if it identifies the kind; else 0
   * @param blockWidths input widths of double-stream blocks, if they identify the kind
   * @param hasTwoClips true if the second text encoder is CLIP too
   * @param notePattern a pattern of the base's name in the metadata of trainers; null for none
   * @param isNoteWeak true if other kinds may match the pattern too and have precedence
   * @param kohyaBase kohya's name in {@code ss_base_model_version}; null for none
   * @param architecture the same in {@code modelspec.architecture}
   * @param isKohyaV2 true if {@code ss_v2} identifies it
   */
  public record Kind(
      String id,
      String title,
      long textWidth,
      Set<Long> blockWidths,
      boolean hasTwoClips,
      Pattern notePattern,
      boolean isNoteWeak,
      String kohyaBase,
      String architecture,
      boolean isKohyaV2) {
    /** A kind of transformers. */
    public static Kind ofTransformer(
        String id,
        String title,
        Set<Long> blockWidths,
        boolean twoClips,
        String noted,
        String kohyaBase,
        String architecture) {
      return new Kind(
          id,
          title,
          0,
          blockWidths,
          twoClips,
          noted == null ? null : Pattern.compile(noted),
          false,
          kohyaBase,
          architecture,
          false);
    }
  }

  /**
   * The certainty of a signature: unique to the family, shared with families that have stronger
   * signatures, or a common prefix.
   */
  public enum Certainty {
    OWN,
    SHARED,
    WEAK
  }

  /**
   * A pattern that is searched in keys, without the prefixes by which programs name the denoising
   * network.
   */
  public record Signature(Pattern key, Certainty certainty) {
    public static Signature of(String key, Certainty certainty) {
      return new Signature(Pattern.compile(key), certainty);
    }
  }
}
