package dev.likeness.ipadapter.internal.file;

import java.util.List;

/**
 * Kind and sizes of an IP-Adapter, read from its header.
 *
 * @param variant the kind of adapter
 * @param tokens image tokens of one reference; 0 if every token of the encoder becomes one
 * @param contextWidth channels of the tokens: the context width of the base's attentions
 * @param imageWidth width of the image encoder's output, or 0
 * @param faceWidth length of face embeddings, or 0
 * @param hiddenWidth inner width of the two projection layers, width of the timestep's sinusoids,
 *     or 0
 * @param resampler the resampler, or null
 * @param attentionWidths width of each attention with keys and values, in the base's registration
 *     order
 * @param hasLora true if the file contains a LoRA, as FaceID files do
 */
public record AdapterLayout(
    IpAdapterVariant variant,
    int tokens,
    long contextWidth,
    long imageWidth,
    long faceWidth,
    long hiddenWidth,
    ResamplerConfig resampler,
    List<Long> attentionWidths,
    boolean hasLora) {
  /** The context width of SDXL. */
  private static final int XL_CONTEXT = 2048;

  /**
   * The shape of a resampler.
   *
   * @param width width of its tokens
   * @param innerWidth width of its queries; heads are 64 wide
   * @param depth number of layers
   */
  public record ResamplerConfig(long width, long innerWidth, int depth) {
    public ResamplerConfig {
      if (width < 1 || innerWidth < 1 || innerWidth > 64 && innerWidth % 64 != 0) {
        throw new IllegalArgumentException(
            "a resampler needs tokens of width 1 or more, and a query width that is 1 to 64 or a"
                + " multiple of 64, got token width " + width + " and query width " + innerWidth);
      }
    }

    /** Returns the number of attention heads. */
    public long heads() {
      return Math.max(1, innerWidth / 64);
    }
  }

  public AdapterLayout {
    attentionWidths = List.copyOf(attentionWidths);
  }

  /**
   * Returns the side in pixels of the aligned faces that it was trained with: 256 for SDXL, else
   * 224.
   */
  public int faceSize() {
    return contextWidth == XL_CONTEXT ? 256 : 224;
  }

  /**
   * Returns its name, the kind of base that it is for, and its number of attentions, for messages.
   */
  public String describe() {
    return "an " + variant.title() + " for " + variant.baseDescription(contextWidth) + ", "
        + attentionWidths.size() + " attentions";
  }
}
