package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Networks and encoders of one opened base model, and what its family knows of generating images
 * with them. Immutable and shared by threads; closing it closes the networks.
 */
public interface OpenModel extends OpenNetworks {
  /** The family that opened it. */
  ModelFamily family();

  /** The loaded networks, closed with this. */
  OpenNetworks networks();

  /** How latents of this model relate to images. */
  LatentSpace latents();

  /**
   * Steps, guidance, size and strengths where the request does not say, as diffusers' pipeline for
   * such a request has them.
   */
  GenerationDefaults defaults(ImageRequest request);

  /**
   * Scale of classifier-free guidance by two prompts; 1 and below where the network is given the
   * prompt alone.
   */
  double guidanceScale(ImageRequest request);

  /**
   * The request to the scheduler as the family bends it.
   *
   * @param asked the same without regard to the family
   * @param scheduler the one that plans
   */
  PlanRequest adjustPlan(PlanRequest asked, ImageRequest request, SchedulerConfig scheduler);

  /**
   * Encodes the prompts of a request for all of its images. The tensors belong to the calling
   * scope.
   *
   * @param adaptation what adapters add to each component
   * @param schedule of the plan's rows
   */
  Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule);

  /** The end of a plain prompt that each text encoder cuts off, empty where it reads all of it. */
  Stream<TruncatedPrompt> truncated(String prompt, List<TextualInversion> inversions);

  /** The denoising network for a batch; what it keeps belongs to the calling scope. */
  PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents);

  /** What this model can do beyond generating from prompts. */
  Capabilities capabilities();

  /** One of {@link #capabilities()}; empty where the model lacks it. */
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
