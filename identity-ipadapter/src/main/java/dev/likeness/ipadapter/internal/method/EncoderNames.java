package dev.likeness.ipadapter.internal.method;

/** The names of published image encoders by the widths of their outputs. */
public final class EncoderNames {
  /** The family of OpenAI's and LAION's encoders. */
  public static final String CLIP = "CLIP";
  /** The family of Google's encoders with a sigmoid loss. */
  public static final String SIGLIP = "SigLIP";

  /** The published folder of an image encoder. */
  public static final String FOLDER = "image_encoder";

  private static final int SO400M_WIDTH = 1152;
  private static final String VIT_H = "ViT-H/14";

  private EncoderNames() {}

  /** Returns the family of published encoders of this width; empty if there is none. */
  static String familyOf(long width) {
    return width == SO400M_WIDTH
        ? SIGLIP
        : size(width, true).isEmpty() && size(width, false).isEmpty() ? "" : CLIP;
  }

  /**
   * Returns the name of an encoder with the width of its output.
   *
   * @param family {@link #CLIP}, {@link #SIGLIP} or empty
   * @param isPooled true for the pooled vector, false for tokens
   */
  static String describe(String family, long width, boolean isPooled) {
    boolean siglip = family.equals(SIGLIP);
    String size = siglip ? width == SO400M_WIDTH ? "So400m" : "" : size(width, isPooled);
    return (family.isEmpty() ? "an encoder" : (family + " " + size).strip())
        + (isPooled && !siglip ? " (projection " : " (width ") + width + ")";
  }

  /** Returns the words for where an encoder of CLIP is published; empty if not known. */
  static String where(long width, boolean isPooled) {
    return size(width, isPooled).equals(VIT_H)
        ? new PublishedFile(PublishedFile.Part.IMAGE_ENCODER, FOLDER, "ip-adapter-encoder").where()
        : "";
  }

  /**
   * Returns the name of the published CLIP whose tokens, or projection if pooled, have this width.
   */
  private static String size(long width, boolean isPooled) {
    return switch ((int) width) {
      case 768 -> isPooled ? "ViT-L/14" : "ViT-B";
      case 1024 -> isPooled ? VIT_H : "ViT-L/14";
      case 1280 -> isPooled ? "ViT-bigG/14" : VIT_H;
      case 1664 -> isPooled ? "" : "ViT-bigG/14";
      default -> "";
    };
  }
}
