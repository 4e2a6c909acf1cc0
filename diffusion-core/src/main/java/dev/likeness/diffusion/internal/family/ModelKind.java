package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.internal.file.ModelConfig;

/** Derives the kind of a base from its configuration. */
public final class ModelKind {
  /** The task of a network that takes latents alone. */
  public static final String TEXT_TO_IMAGE = "text-to-image";

  /** The task of a network that takes a mask and the masked image. */
  public static final String INPAINTING = "inpainting";

  /** The task of a network that edits a reference image. */
  public static final String EDITING = "editing";

  /** The channels of Stable Diffusion's latents. */
  private static final int LATENTS = 4;

  private ModelKind() {}

  /** Returns the kind of a flow model. */
  public static BaseKind ofFlow(Variant variant, String task, boolean isDistilled) {
    return new BaseKind(variant.name(), task, "flow", isDistilled);
  }

  /** Returns the channels of a model's latents; those of Stable Diffusion without a VAE. */
  public static int latentChannels(ModelComponents files) {
    return files.componentClass("vae") == null
        ? LATENTS
        : files.config("vae").integer("latent_channels", LATENTS);
  }

  /**
   * Returns the task of a UNet by its input channels beside the sample: mask and masked image,
   * image, depth or pixels.
   */
  public static String taskOfUnet(ModelComponents files) {
    ModelConfig unet = files.config("unet");
    int latents = latentChannels(files);
    int shown = unet.integer("in_channels", LATENTS) - latents;
    return shown == 0
        ? TEXT_TO_IMAGE
        : shown == latents + 1
            ? INPAINTING
            : shown == latents
                ? "instruct-pix2pix"
                : shown == 1 ? "depth" : shown == 3 ? "upscaler" : "unknown";
  }
}
