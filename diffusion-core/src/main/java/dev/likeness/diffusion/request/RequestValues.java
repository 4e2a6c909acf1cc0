package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;

/** The most used values of a request's option records, by short names. */
public interface RequestValues {
  /** Returns the prompt options. */
  PromptOptions prompts();

  /** Returns the sampling options. */
  SamplingOptions sampling();

  /** Returns the size options. */
  SizeOptions sizeOptions();

  /** Returns the guidance options. */
  GuidanceOptions guidanceOptions();

  /** Returns the initial image or latents, or null. */
  InitialImage initialImage();

  /** Returns the caching options. */
  CachingOptions caching();

  /** Returns the hooks. */
  GenerationHooks hooks();

  /** Returns the prompt. */
  default String prompt() {
    return prompts().prompt();
  }

  /** Returns the negative prompt; empty for none. */
  default String negative() {
    return prompts().negative();
  }

  /** Returns the embeddings that replace the prompt, or null. */
  default PromptEmbedding embedding() {
    return prompts().embedding();
  }

  /** Returns the embeddings that replace the negative prompt, or null. */
  default PromptEmbedding negativeEmbedding() {
    return prompts().negativeEmbedding();
  }

  /** Returns the number of sampling steps, or 0 for the default. */
  default int steps() {
    return sampling().steps();
  }

  /** Returns the scheduler's name, or null for the base's own. */
  default String scheduler() {
    return sampling().scheduler();
  }

  /** Returns the seed of the first image. */
  default long seed() {
    return sampling().seed();
  }

  /** Returns the number of images. */
  default int count() {
    return sampling().count();
  }

  /** Returns the initial noise, or null for the seed's. */
  default Latents noise() {
    return sampling().noise();
  }

  /** Returns the share of the training timesteps at which sampling starts, 0..1. */
  default double denoisingStart() {
    return sampling().denoisingStart();
  }

  /** Returns the share of the training timesteps at which sampling ends, 0..1. */
  default double denoisingEnd() {
    return sampling().denoisingEnd();
  }

  /** Returns the share of fresh noise in each step, or NaN for the default. */
  default double eta() {
    return sampling().eta();
  }

  /** Returns the width in pixels, or 0 for the default. */
  default int width() {
    return sizeOptions().width();
  }

  /** Returns the height in pixels, or 0 for the default. */
  default int height() {
    return sizeOptions().height();
  }

  /** Returns SDXL's size conditioning of the prompt. */
  default SizeConditioning sizeConditioning() {
    return sizeOptions().conditioning();
  }

  /** Returns SDXL's size conditioning of the negative prompt; null for the prompt's. */
  default SizeConditioning negativeSizeConditioning() {
    return sizeOptions().negativeConditioning();
  }

  /** Returns the guidance scale, or NaN for the default. */
  default double guidance() {
    return guidanceOptions().scale();
  }

  /**
   * Returns whether the request changes an initial image. Latents that another model sampled in
   * part do not count.
   */
  default boolean isImageToImage() {
    return initialImage() != null && denoisingStart() == 0;
  }

  /**
   * Returns whether a base that edits takes the initial image as a reference and starts from noise.
   */
  default boolean isEdit() {
    return isImageToImage()
        && initialImage().image() != null
        && initialImage().mask() == null
        && !(initialImage().strength() < 1);
  }
}
