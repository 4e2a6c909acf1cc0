package dev.likeness.ipadapter.internal.file;

import java.util.List;

/**
 * What an IP-Adapter's header says of it.
 *
 * @param tokens image tokens of one reference; 0 where every token of the encoder becomes one
 * @param contextWidth channels of the tokens: the width of what the base's attentions attend to
 * @param imageWidth width of what it takes from an image encoder, or 0
 * @param faceWidth numbers of what it takes from a face recogniser, or 0
 * @param hiddenWidth width inside the two layers of the kinds that have them, of the sinusoids of a
 *     time, or 0
 * @param resampler the resampler, or null
 * @param attentionWidths width of each attention it has keys and values for, in the base's
 *     registration order
 * @param hasLora whether the file holds a LoRA, as FaceID's do
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
  /** The width of what the attentions attend to in bases that are generated at 1024 pixels. */
  private static final int XL_CONTEXT = 2048;

  /**
   * The shape of a resampler.
   *
   * @param width of its tokens
   * @param innerWidth width of its queries; heads are 64 wide
   * @param depth number of layers
   */
  public record ResamplerConfig(long width, long innerWidth, int depth) {
    public ResamplerConfig {
      if (width < 1 || innerWidth < 1 || innerWidth > 64 && innerWidth % 64 != 0) {
        throw new IllegalArgumentException("a resampler's queries are heads of 64, given "
            + innerWidth + " in all for tokens of " + width);
      }
    }

    /** Attention heads. */
    public long heads() {
      return Math.max(1, innerWidth / 64);
    }
  }

  public AdapterLayout {
    attentionWidths = List.copyOf(attentionWidths);
  }

  /** Pixels of a side of the aligned faces it was trained with: SDXL's with larger ones. */
  public int faceSize() {
    return contextWidth == XL_CONTEXT ? 256 : 224;
  }

  /** Its name and the base family that its width speaks of. */
  public String describe() {
    return "an " + variant.title() + " for " + variant.baseDescription(contextWidth) + ", "
        + attentionWidths.size() + " attentions";
  }
}
