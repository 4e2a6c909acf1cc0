package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.photos.embed.EmbedderSpec;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Checks that an adapter, a base model, an image encoder and a face embedder fit together. */
public final class AdapterCompatibility {
  private static final String CLIP = "CLIP";
  private static final String SIGLIP = "SigLIP";
  private static final int SO400M_WIDTH = 1152;
  private static final int ARCFACE_WIDTH = 512;
  private static final Pattern OTHER_EMBEDDERS =
      Pattern.compile("(?i)glint|mbf|mobilefacenet|ms1m|cosface");

  private AdapterCompatibility() {}

  /**
   * Refuses an adapter that was trained for another base.
   *
   * @param file name of the adapter in error messages
   */
  public static void check(String file, AdapterLayout adapter, AdapterSites base) {
    if (adapter.variant().family() != base.family()
        || adapter.contextWidth() != base.contextWidth()) {
      throw new InvalidInputException(file + " is " + adapter.describe() + ", but the base "
          + base.name() + " is " + base.baseDescription() + "; give an adapter for this base");
    }
    if (adapter.attentionWidths().size() != base.widths().size()) {
      throw new InvalidInputException(file + " is " + adapter.describe() + ", but the base "
          + base.name() + " has " + base.widths().size()
          + " attentions; give an adapter for this base");
    }
    for (int t = 0; t < base.widths().size(); t++) {
      if (!adapter.attentionWidths().get(t).equals(base.widths().get(t))) {
        throw new InvalidInputException(file + ": tensors with index " + base.keyIndex(t) + " have "
            + adapter.attentionWidths().get(t)
            + " channels, but " + base.module(adapter.variant(), t) + " of the base "
            + base.name() + " has " + base.widths().get(t)
            + "; give an adapter for this base");
      }
    }
  }

  /**
   * Refuses an image encoder that the adapter was not trained with.
   *
   * @param encoder the encoder, or null if there is none
   * @param folder name of the encoder in error messages
   */
  public static void check(
      String file, AdapterLayout adapter, VisionConfig encoder, String folder) {
    check(file, adapter, Optional.empty(), encoder, folder);
  }

  /**
   * Refuses an image encoder that the adapter was not trained with.
   *
   * @param trained the family of encoders that the adapter's file names; empty to judge by the
   *     adapter's kind
   */
  public static void check(
      String file,
      AdapterLayout adapter,
      Optional<String> trained,
      VisionConfig encoder,
      String folder) {
    if (adapter.imageWidth() == 0) {
      return;
    }
    String family = trained.orElse(encoderFamily(adapter));
    boolean pooled = adapter.variant().imageInput() == IpAdapterVariant.ImageInput.POOLED;
    String wanted = file + " is an " + adapter.variant().title() + " and was trained with "
        + encoderName(family, adapter.imageWidth(), pooled);
    if (encoder == null) {
      throw new InvalidInputException(wanted
          + "; give that image encoder: --image-encoder PATH (in Java, call ImageEncoder.open)");
    }
    long has = pooled ? encoder.projectionDim() : encoder.width();
    if (has != adapter.imageWidth() || !family.isEmpty() && !family.equals(encoder.family())) {
      throw new InvalidInputException(wanted + ", but the image encoder " + folder + " is "
          + encoder.describe() + "; give the image encoder that the adapter was trained with");
    }
  }

  /**
   * Returns the encoder family of published adapters of this kind or width; empty if it is not
   * known.
   */
  private static String encoderFamily(AdapterLayout adapter) {
    return switch (adapter.variant()) {
      case INSTANT_X, INSTANT_X_TIMED -> SIGLIP;
      case XLABS -> CLIP;
      default ->
        adapter.imageWidth() == SO400M_WIDTH
            ? SIGLIP
            : encoderSize(adapter.imageWidth(), true).isEmpty()
                    && encoderSize(adapter.imageWidth(), false).isEmpty()
                ? ""
                : CLIP;
    };
  }

  /** Refuses face embeddings of another length than the adapter needs. */
  public static void checkFace(String file, AdapterLayout adapter, int length, String embedder) {
    if (length != adapter.faceWidth()) {
      throw new InvalidInputException(
          file + " is an " + adapter.variant().title() + " and needs face embeddings of "
              + adapter.faceWidth() + " values, but " + embedder + " has " + length
              + "; give the face embedder that the adapter was trained with");
    }
  }

  /**
   * Refuses a face embedder that published adapters were not trained with, by its kind and file
   * name.
   *
   * @param ours true if this library trained the adapter, which may then use any face embedder
   */
  public static void checkFaceEmbedder(
      String file, AdapterLayout adapter, boolean ours, EmbedderSpec spec, Path embedder) {
    boolean other = spec != EmbedderSpec.ARCFACE
        || OTHER_EMBEDDERS.matcher(embedder.getFileName().toString()).find();
    if (adapter.faceWidth() == ARCFACE_WIDTH && other && !ours) {
      throw new InvalidInputException(file + " is an " + adapter.variant().title()
          + ", trained with w600k_r50.onnx of InsightFace's buffalo_l; " + embedder
          + " is another face embedder; give w600k_r50.onnx, or an adapter that uses images, "
          + "such as Plus Face");
    }
  }

  private static String encoderName(String family, long width, boolean pooled) {
    boolean siglip = family.equals(SIGLIP);
    String size = siglip ? width == SO400M_WIDTH ? "So400m" : "" : encoderSize(width, pooled);
    return (family.isEmpty() ? "an encoder" : (family + " " + size).strip())
        + (pooled && !siglip ? " (projection " : " (width ") + width + ")";
  }

  /**
   * Returns the name of the published CLIP whose tokens, or projection if pooled, have this width.
   */
  private static String encoderSize(long width, boolean pooled) {
    return switch ((int) width) {
      case 768 -> pooled ? "ViT-L/14" : "ViT-B";
      case 1024 -> pooled ? "ViT-H/14" : "ViT-L/14";
      case 1280 -> pooled ? "ViT-bigG/14" : "ViT-H/14";
      case 1664 -> pooled ? "" : "ViT-bigG/14";
      default -> "";
    };
  }
}
