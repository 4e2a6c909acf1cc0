package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One opened base model: its networks and encoders, and how its family generates images. Immutable
 * and thread-safe; closing it closes the networks.
 */
public interface OpenModel extends OpenNetworks {
  /** The family that opened it. */
  ModelFamily family();

  /** The loaded networks, closed with this. */
  OpenNetworks networks();

  /** The relation of this model's latents to images. */
  LatentSpace latents();

  /** The defaults of a request, as in diffusers' pipeline for such a request. */
  GenerationDefaults defaults(ImageRequest request);

  /**
   * The scale of classifier-free guidance; 1 and below if the network is called with the prompt
   * alone.
   */
  double guidanceScale(ImageRequest request);

  /**
   * Adjusts a plan request for the family.
   *
   * @param unadjusted the request without adjustment
   * @param scheduler the scheduler that makes the plan
   */
  PlanRequest adjustPlan(PlanRequest unadjusted, ImageRequest request, SchedulerConfig scheduler);

  /**
   * Encodes the prompts of a request for all of its images. The tensors belong to the calling
   * scope.
   *
   * @param adaptation the adaptation of each component @param schedule the prompt schedule of the
   *     plan's rows
   */
  Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule);

  /**
   * The truncated part of a plain prompt for each text encoder; empty if nothing is truncated.
   *
   * @param negativePrompt true for the negative prompt, false for the prompt
   */
  Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt);

  /** The denoising network for a batch. Its tensors belong to the calling scope. */
  PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents);

  /** Returns the capabilities beyond generating from prompts. */
  Capabilities capabilities();

  /** One of {@link #capabilities()}; empty if the model lacks it. */
  default <C> Optional<C> capability(Class<C> kind) {
    return capabilities().find(kind);
  }

  @Override
  default ModelComponent.Tensors unwrapped() {
    return networks();
  }

  @Override
  default Compute compute() {
    return networks().compute();
  }

  @Override
  default Autoencoder autoencoder() {
    return networks().autoencoder();
  }

  @Override
  default SchedulerConfig scheduler() {
    return networks().scheduler();
  }

  @Override
  default LoadedWeights weights(ModelComponent part) {
    return networks().weights(part);
  }

  @Override
  default void close() {
    networks().close();
  }
}
