package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Methods that return often used values of a request's option records directly. */
public interface RequestValues {
  /** {@return the prompt options} */
  PromptOptions prompts();

  /** {@return the sampling options} */
  SamplingOptions sampling();

  /** {@return the size options} */
  SizeOptions sizeOptions();

  /** {@return the guidance options} */
  GuidanceOptions guidanceOptions();

  /** {@return the adapters of the request; their changes to the model are summed} */
  List<Adapter> adapters();

  /** {@return the initial image or latents; empty to start from noise only} */
  Optional<InitialImage> initialImage();

  /** {@return the control images of the request} */
  List<ControlImage> controlImages();

  /** {@return the reference images, which an editing model uses as inputs} */
  ReferenceImages referenceImages();

  /** {@return the caching options} */
  CachingOptions caching();

  /** {@return the tiling options} */
  TilingOptions tiling();

  /** {@return the hooks that run the caller's code in the sampling loop} */
  GenerationHooks hooks();

  /** {@return the prompt} */
  default String prompt() {
    return prompts().prompt();
  }

  /** {@return the negative prompt; an empty text if none is set} */
  default String negative() {
    return prompts().text(0, true);
  }

  /** {@return the embeddings that replace the prompt; empty to encode the prompt} */
  default Optional<PromptEmbedding> embedding() {
    return prompts().embedding();
  }

  /**
   * {@return the embeddings that replace the negative prompt; empty to encode the negative prompt}
   */
  default Optional<PromptEmbedding> negativeEmbedding() {
    return prompts().negativeEmbedding();
  }

  /** {@return the number of sampling steps; empty for the default} */
  default OptionalInt steps() {
    return sampling().steps();
  }

  /** {@return the scheduler's name; empty for the base's own scheduler} */
  default Optional<String> scheduler() {
    return sampling().scheduler();
  }

  /** {@return the seed of the first image} */
  default long seed() {
    return sampling().seed();
  }

  /** {@return the number of images} */
  default int count() {
    return sampling().count();
  }

  /** {@return the initial noise; empty for the noise of the seed} */
  default Optional<Latents> noise() {
    return sampling().noise();
  }

  /** {@return the share of the training timesteps after which sampling starts, 0..1} */
  default double denoisingStart() {
    return sampling().denoisingStart();
  }

  /** {@return the share of the training timesteps after which sampling ends, 0..1} */
  default double denoisingEnd() {
    return sampling().denoisingEnd();
  }

  /** {@return the share of fresh noise in each step; empty for the default} */
  default OptionalDouble eta() {
    return sampling().eta();
  }

  /** {@return the width in pixels; empty for the default} */
  default OptionalInt width() {
    return sizeOptions().width();
  }

  /** {@return the height in pixels; empty for the default} */
  default OptionalInt height() {
    return sizeOptions().height();
  }

  /** {@return SDXL's size conditioning of the prompt} */
  default SizeConditioning sizeConditioning() {
    return sizeOptions().conditioning();
  }

  /**
   * {@return SDXL's size conditioning of the negative prompt; empty for the default of
   * {@link SizeOptions#negativeConditioning()}}
   */
  default Optional<SizeConditioning> negativeSizeConditioning() {
    return sizeOptions().negativeConditioning();
  }

  /** {@return the guidance scale; empty for the default} */
  default OptionalDouble guidance() {
    return guidanceOptions().scale();
  }

  /**
   * {@return true if the request changes an initial image or initial latents} If the request
   * continues the sampling of another model ({@link #denoisingStart()} above 0), the result is
   * false.
   */
  default boolean isImageToImage() {
    return initialImage().isPresent() && denoisingStart() == 0;
  }

  /**
   * {@return true if the request is image-to-image from an image (not latents), without a mask or
   * change map, at a strength that is 1 or not set} An editing model uses such an image as a
   * reference and starts from noise.
   */
  default boolean isEdit() {
    return isImageToImage()
        && initialImage()
            .filter(initial -> initial.image().isPresent()
                && initial.mask().isEmpty()
                && initial.strength().orElse(1) >= 1)
            .isPresent();
  }

  /**
   * {@return true if the request has an initial image, or reference images of a strength above 0}
   * Initial latents do not count.
   */
  default boolean isMadeFromImages() {
    return initialImage().flatMap(InitialImage::image).isPresent()
        || !referenceImages().images().isEmpty() && referenceImages().strength() > 0;
  }
}
