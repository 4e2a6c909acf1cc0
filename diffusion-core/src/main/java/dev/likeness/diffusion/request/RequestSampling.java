package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The fluent methods of {@link ImageRequest} that change its {@link SamplingOptions} and
 * precomputed embeddings.
 */
interface RequestSampling extends RequestValues {
  /**
   * {@return a copy of this request with the given sampling options}
   *
   * @param options steps, scheduler, seed and initial noise
   */
  ImageRequest sampling(SamplingOptions options);

  /**
   * {@return a copy of this request with the given number of sampling steps; the request's
   * timesteps and sigmas are removed}
   *
   * @param n the number of steps, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  default ImageRequest steps(int n) {
    return sampling(sampling().steps(n));
  }

  /**
   * {@return this request with a step at each of these timesteps}
   *
   * <p>Example: {@code timesteps(999, 749, 499, 249)}. Some of the timesteps are skipped if the
   * request has an initial image of a strength below 1, or a {@link #denoisingRange}. Diffusers'
   * name of this option is {@code timesteps}.
   *
   * @param descending trained timesteps in descending order, at least one, each at least 0
   * @throws IllegalArgumentException if no timestep is given, if a timestep is negative, infinite
   *     or NaN, or if the timesteps do not descend. {@code BaseModel.generate} throws this
   *     exception if the scheduler does not support timesteps
   */
  default ImageRequest timesteps(double... descending) {
    return sampling(sampling().timesteps(descending));
  }

  /**
   * {@return this request with these sigmas as its sigma schedule} Diffusers' name of this option
   * is {@code sigmas}.
   *
   * <p>With most Stable Diffusion schedulers, sampling ends at the last given sigma, which is
   * usually 0. Flow schedulers need one sigma for each step, and sampling ends at 0; see
   * {@link PlanRequest#ofSigmas}.
   *
   * @param descending sigmas in the scheduler's own unit, in descending order, at least one, each
   *     at least 0
   * @throws IllegalArgumentException if no sigma is given, if a sigma is negative, infinite or NaN,
   *     or if the sigmas do not descend. {@code BaseModel.generate} throws this exception if the
   *     scheduler does not support the sigmas
   */
  default ImageRequest sigmas(double... descending) {
    return sampling(sampling().sigmas(descending));
  }

  /**
   * {@return this request with the scheduler of the given name, which replaces a custom scheduler}
   *
   * @param name a name of diffusers, k-diffusion, ComfyUI or the web UI, such as
   *     {@code dpmpp_2m_karras}. {@code BaseModel.generate} throws an
   *     {@code IllegalArgumentException} if no scheduler has this name, or if the scheduler does
   *     not fit the base
   */
  default ImageRequest scheduler(String name) {
    return sampling(sampling().scheduler(name));
  }

  /**
   * {@return this request with one more option of its scheduler} The option replaces the value of
   * the scheduler's config, as diffusers' {@code from_config(config, name=value)} does.
   *
   * @param name the option's name in diffusers, such as {@code use_karras_sigmas}, {@code shift} or
   *     {@code timestep_spacing}
   * @param value a boolean, number, text or list of numbers; null turns the option off.
   *     {@code BaseModel.generate} throws an {@code IllegalArgumentException} if the scheduler does
   *     not support the option or the value
   */
  default ImageRequest schedulerOption(String name, @Nullable Object value) {
    return sampling(sampling().schedulerOption(name, value));
  }

  /**
   * {@return this request with a scheduler object, such as a config with changed options}
   *
   * <p>For example {@code customScheduler(base.scheduler().with("dpmpp_2m").with("solver_order",
   * 3))}. If the scheduler is not a {@code SchedulerConfig}, it does not get the sigmas that
   * diffusers' pipeline passes to a scheduler. Such a scheduler must compute all sigmas down to 0
   * itself, including any shift. A later call of {@link #scheduler(String)} replaces the scheduler
   * object.
   *
   * @param own the scheduler
   */
  default ImageRequest customScheduler(Scheduler own) {
    return sampling(sampling().customScheduler(own));
  }

  /**
   * {@return a copy of this request with the given seed} Image {@code i}, from 0, has the seed
   * {@code seed + i}.
   *
   * @param value the seed of torch's random generator ({@code torch.manual_seed})
   */
  default ImageRequest seed(long value) {
    return sampling(sampling().seed(value));
  }

  /**
   * {@return a copy of this request with the given number of images}
   *
   * @param n the number of images, 1 to 100,000
   * @throws IllegalArgumentException if the number is out of this range
   */
  default ImageRequest count(int n) {
    return sampling(sampling().count(n));
  }

  /**
   * {@return this request with the given initial noise, instead of the noise of the seed}
   *
   * @param unit Gaussian noise of unit variance, of the shape of the latents
   */
  default ImageRequest noise(Latents unit) {
    return sampling(sampling().noise(unit));
  }

  /** {@return this request without given noise, so that the noise of its seed is used} */
  default ImageRequest withoutNoise() {
    return sampling(sampling().withoutNoise());
  }

  /**
   * {@return this request limited to a range of the training timesteps} Diffusers' names of the two
   * limits are {@code denoising_start} and {@code denoising_end}.
   *
   * <p>For example, a base model stops at 0.8, and a refiner continues at 0.8 from the base's
   * latents. If {@code start} is above 0, the request needs initial latents or an initial image,
   * and must not have a change map.
   *
   * @param start the share of the training timesteps after which sampling starts, 0..1
   * @param end the share of the training timesteps after which sampling ends, {@code start}..1
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold
   */
  default ImageRequest denoisingRange(double start, double end) {
    return sampling(sampling().denoisingRange(start, end));
  }

  /**
   * {@return a copy of this request with the given share of fresh noise in each step}
   *
   * @param share eta, 0..1, for schedulers that have this option
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  default ImageRequest eta(double share) {
    return sampling(sampling().eta(share));
  }

  /**
   * {@return a copy of this request with the given prompt options}
   *
   * @param options prompt, negative prompt and their syntax
   */
  ImageRequest prompts(PromptOptions options);

  /**
   * {@return this request with precomputed embeddings of the prompt} Only Stable Diffusion 1.x, 2.x
   * and XL support precomputed embeddings.
   *
   * @param positive embeddings that replace the prompt
   */
  default ImageRequest embedding(PromptEmbedding positive) {
    return prompts(prompts().embedding(positive));
  }

  /**
   * {@return this request with precomputed embeddings of the negative prompt}
   *
   * @param negativePrompt embeddings that replace the negative prompt
   */
  default ImageRequest negativeEmbedding(PromptEmbedding negativePrompt) {
    return prompts(prompts().negativeEmbedding(negativePrompt));
  }
}
