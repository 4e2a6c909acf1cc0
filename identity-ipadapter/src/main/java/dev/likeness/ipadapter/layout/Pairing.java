package dev.likeness.ipadapter.layout;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.ipadapter.vision.VisionConfig;
import java.nio.file.Path;
import java.util.Optional;

/** Whether an adapter, a base model, an image encoder and a face recogniser were made for each other. */
public final class Pairing {
  private Pairing() {}

  /**
   * Refuses a file that cannot be drawn with on {@code base}, by its header alone: one for another base, one that may be either
   * FaceID-Plus, or one whose LoRA is missing.
   *
   * @return what the header says
   * @throws UnusableInput also when the file is broken or no IP-Adapter
   */
  public static AdapterLayout check(AdapterFile file, BaseModel base) {
    AdapterLayout layout = file.layout();
    check(file.path().toString(), layout, BaseAttentions.of(base).heard(layout.kind()));
    if (layout.kind() == AdapterKind.FACE_ID_PLUS) {
      file.faceVersion();
    }
    twin(file, layout);
    return layout;
  }

  /** The LoRA in a file of its own that {@code file} is to be used with; empty where it is inside, or none is used. */
  public static Optional<Path> twin(AdapterFile file, AdapterLayout layout) {
    boolean inside = layout.lora() && file.usesOwnLora();
    return inside || !layout.lora() && !layout.kind().wantsLora() ? Optional.empty() : file.twin();
  }

  /**
   * Refuses an adapter that was trained for another base.
   *
   * @param file what errors call the adapter
   */
  public static void check(String file, AdapterLayout adapter, BaseAttentions base) {
    if (adapter.kind().target() != base.target() || adapter.contextWidth() != base.contextWidth()) {
      throw new UnusableInput(file + " is " + adapter.describe() + "; the base " + base.name() + " is "
          + base.target().describe(base.contextWidth()) + ": give an adapter made for it");
    }
    if (adapter.attentions().size() != base.widths().size()) {
      throw new UnusableInput(file + " is " + adapter.describe() + "; the base " + base.name() + " has "
          + base.widths().size() + ": give an adapter made for it");
    }
    for (int t = 0; t < base.widths().size(); t++) {
      if (!adapter.attentions().get(t).equals(base.widths().get(t))) {
        throw new UnusableInput(file + ": keys at position " + base.number(t) + " have " + adapter.attentions().get(t)
            + " channels, " + base.module(adapter.kind(), t) + " of the base " + base.name() + " has " + base.widths().get(t)
            + ": give an adapter made for it");
      }
    }
  }

  /**
   * Refuses an image encoder that the adapter was not trained with.
   *
   * @param encoder the encoder, or null when there is none
   * @param folder what errors call it
   */
  public static void check(String file, AdapterLayout adapter, VisionConfig encoder, String folder) {
    if (adapter.imageWidth() == 0) {
      return;
    }
    boolean pooled = adapter.kind().sight() == AdapterKind.Sight.POOLED;
    String wanted = name(adapter.imageWidth(), pooled);
    if (encoder == null) {
      throw new UnusableInput(file + " is an " + adapter.kind().title() + " and looks at pictures through "
          + wanted + "; give that image encoder's folder");
    }
    long has = !pooled ? encoder.width() : encoder.siglip() ? encoder.width() : encoder.projection();
    if (has != adapter.imageWidth()) {
      throw new UnusableInput(file + " is an " + adapter.kind().title() + " and looks at pictures through " + wanted
          + "; the image encoder " + folder + " is " + encoder.describe() + ": give the one it was trained with");
    }
  }

  /** Refuses a face recogniser's numbers that the adapter does not take. */
  public static void checkFace(String file, AdapterLayout adapter, int numbers, String recogniser) {
    if (numbers != adapter.faceWidth()) {
      throw new UnusableInput(file + " is an " + adapter.kind().title() + " and takes the " + adapter.faceWidth()
          + " numbers of an ArcFace recogniser; " + recogniser + " gives " + numbers
          + ": give the recogniser it was trained with");
    }
  }

  private static String name(long width, boolean pooled) {
    String tower = switch ((int) width) {
      case 768 -> pooled ? "CLIP ViT-L/14" : "CLIP ViT-B";
      case 1024 -> pooled ? "CLIP ViT-H/14" : "CLIP ViT-L/14";
      case 1152 -> "SigLIP So400m";
      case 1280 -> pooled ? "CLIP ViT-bigG/14" : "CLIP ViT-H/14";
      case 1664 -> "CLIP ViT-bigG/14";
      default -> "an encoder";
    };
    return tower + (pooled && width != 1152 ? " (projection " : " (width ") + width + ")";
  }
}
