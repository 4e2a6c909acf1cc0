package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;

/** The values of a request's records, by the names that most callers ask for. */
public interface RequestValues {
  PromptOptions prompts();

  SamplingOptions sampling();

  SizeOptions sizeOptions();

  GuidanceOptions guidanceOptions();

  InitialImage initialImage();

  CachingOptions caching();

  GenerationHooks hooks();

  default String prompt() {
    return prompts().prompt();
  }

  default String negative() {
    return prompts().negative();
  }

  default PromptEmbedding embedding() {
    return prompts().embedding();
  }

  default PromptEmbedding negativeEmbedding() {
    return prompts().negativeEmbedding();
  }

  default int steps() {
    return sampling().steps();
  }

  default String scheduler() {
    return sampling().scheduler();
  }

  default long seed() {
    return sampling().seed();
  }

  default int count() {
    return sampling().count();
  }

  default Latents noise() {
    return sampling().noise();
  }

  default double denoisingStart() {
    return sampling().denoisingStart();
  }

  default double denoisingEnd() {
    return sampling().denoisingEnd();
  }

  default double eta() {
    return sampling().eta();
  }

  default int width() {
    return sizeOptions().width();
  }

  default int height() {
    return sizeOptions().height();
  }

  default SizeConditioning sizeConditioning() {
    return sizeOptions().conditioning();
  }

  default SizeConditioning negativeSizeConditioning() {
    return sizeOptions().negativeConditioning();
  }

  /** The guidance scale, or NaN for the default. */
  default double guidance() {
    return guidanceOptions().scale();
  }

  /** Whether an initial image is changed, rather than latents of another model sampled further. */
  default boolean isImageToImage() {
    return initialImage() != null && denoisingStart() == 0;
  }

  /**
   * Whether a base that edits is shown the initial image beside noise alone, rather than begun from
   * it.
   */
  default boolean isEdit() {
    return isImageToImage()
        && initialImage().image() != null
        && initialImage().mask() == null
        && !(initialImage().strength() < 1);
  }
}
