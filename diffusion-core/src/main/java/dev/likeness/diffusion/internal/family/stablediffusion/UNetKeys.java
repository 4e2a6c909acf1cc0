package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;

/** What a single file's names and shapes tell of its UNet's family: one rule each. */
record UNetKeys(TensorNames keys, String prefix) {
  private static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
  private static final long REFINER_TEXT = 1280;
  static final long SD2_TEXT = 1024;

  /** The UNet in latent diffusion's spelling; null when there is none. */
  static UNetKeys of(TensorNames keys) {
    return PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + "input_blocks.0.0.weight")
            && keys.has(prefix + "out.2.weight")
            && keys.shape(prefix + "input_blocks.0.0.weight").length == 4)
        .map(prefix -> new UNetKeys(keys, prefix))
        .findFirst()
        .orElse(null);
  }

  long inChannels() {
    return keys.shape(prefix + "input_blocks.0.0.weight")[1];
  }

  boolean isSd1() {
    return !toldSizes() && !linear();
  }

  /**
   * Its projections are linear where those of the first generation are convolutions, or its text is
   * wider.
   */
  boolean isSd2() {
    return !toldSizes() && (linear() || textWidth() == SD2_TEXT);
  }

  boolean isSdxl() {
    return toldSizes() && !isRefiner();
  }

  /**
   * It has one text encoder, and that is OpenCLIP's; alone, it is told by the width of its text.
   */
  boolean isRefiner() {
    boolean onlyOpen = keys.has("conditioner.embedders.0.model.token_embedding.weight")
        && keys.names().stream().noneMatch(name -> name.startsWith("conditioner.embedders.1."));
    return toldSizes() && (onlyOpen || textWidth() == REFINER_TEXT);
  }

  private boolean toldSizes() {
    return keys.has(prefix + "label_emb.0.0.weight");
  }

  private boolean linear() {
    return dimension(".proj_in.weight", 2) == 0;
  }

  private long textWidth() {
    return dimension(".attn2.to_k.weight", 1);
  }

  /** A size of the first such tensor; 0 when it has fewer dimensions, -1 when there is none. */
  private long dimension(String ending, int dimension) {
    return keys.names().stream()
        .filter(name -> name.startsWith(prefix) && name.endsWith(ending))
        .findFirst()
        .map(keys::shape)
        .map(shape -> shape.length <= dimension ? 0 : shape[dimension])
        .orElse(-1L);
  }
}
