package dev.likeness.diffusion.internal.family;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What LoRA files say about a family's layers, as data: the kinds of bases that files tell apart,
 * the signs by which they do, and the names that the network's makers give its layers. How keys are
 * built of names is the business of whoever reads such files.
 *
 * @param kinds the kinds of bases in this family that files tell apart
 * @param signatures keys by which a file is told
 * @param absent part of the keys of layers that this family lacks and others with the same names
 *     have: a file without them fits; null where no other family has the same names
 * @param original the makers' names of the denoising network's layers
 */
public record LoraLayers(
    List<Kind> kinds, List<Signature> signatures, Pattern absent, OriginalNames original) {
  /**
   * A kind of bases.
   *
   * @param id such as {@code sdxl}
   * @param title as people say it
   * @param textWidth inputs of the layers that attend to the text, where these tell it; else 0
   * @param blockWidths inputs of blocks of two streams, where these tell it
   * @param hasTwoClips whether the second text encoder is CLIP's, too
   * @param notePattern tells it by what trainers note of the base in the header; null where none do
   * @param isNoteWeak whether that may also stand in the notes of other kinds, which come first
   * @param kohyaBase what kohya's programs call it in {@code ss_base_model_version}; null where
   *     they do not
   * @param architecture the same in {@code modelspec.architecture}
   * @param isKohyaV2 whether {@code ss_v2} tells it
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
   * How sure a sign is: no other family has such keys, only families with surer signs do, or files
   * of several begin so.
   */
  public enum Certainty {
    OWN,
    SHARED,
    WEAK
  }

  /** A pattern to be found in a key. */
  public record Signature(Pattern key, Certainty certainty) {
    public static Signature of(String key, Certainty certainty) {
      return new Signature(Pattern.compile(key), certainty);
    }
  }

  /**
   * The makers' names, with underscores for dots, and what their layers are in diffusers. A layer
   * that is one there may be several here: queries, keys and values lie below one another in one
   * matrix.
   *
   * @param blocks layers within a block by the kind of block
   * @param lists the list in diffusers by the kind of block
   * @param top layers outside of blocks
   * @param hasFusedAndSplit whether files may hold a layer and its parts, of which the parts count
   */
  public record OriginalNames(
      Map<String, Map<String, List<String>>> blocks,
      Map<String, String> lists,
      Map<String, List<String>> top,
      boolean hasFusedAndSplit) {
    /** No names of makers. */
    public static final OriginalNames NONE = new OriginalNames(Map.of(), Map.of(), Map.of(), false);
  }
}
