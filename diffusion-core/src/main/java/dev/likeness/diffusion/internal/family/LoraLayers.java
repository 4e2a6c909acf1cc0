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
   * @param widths widths of layers by which files are recognised
   * @param hasTwoClips true if the second text encoder is CLIP too
   * @param metadata how the metadata of trainers name it
   */
  public record Kind(
      String id, String title, Widths widths, boolean hasTwoClips, Metadata metadata) {}

  /**
   * Widths of layers that identify a kind.
   *
   * @param text the input width of cross-attention layers; 0 if it does not identify the kind
   * @param block input widths of double-stream blocks; none if they do not identify the kind
   */
  public record Widths(long text, Set<Long> block) {
    /** No width identifies the kind. */
    public static final Widths NONE = new Widths(0, Set.of());
  }

  /**
   * The names of a kind in the metadata of trainers.
   *
   * @param pattern a pattern of the base's name; null for none
   * @param isWeak true if other kinds may match the pattern too and have precedence
   * @param kohyaBase kohya's name in {@code ss_base_model_version}; null for none
   * @param architecture the same in {@code modelspec.architecture}
   * @param isKohyaV2 true if {@code ss_v2} identifies it
   */
  public record Metadata(
      Pattern pattern, boolean isWeak, String kohyaBase, String architecture, boolean isKohyaV2) {
    /** No trainer names the kind. */
    public static final Metadata NONE = new Metadata(null, false, null, null, false);

    /** Names of a kind that no other kind shares. */
    public static Metadata of(String pattern, String kohyaBase, String architecture) {
      return new Metadata(Pattern.compile(pattern), false, kohyaBase, architecture, false);
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
