package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * One opened base model: its networks and encoders, and how its family generates images. Immutable
 * and thread-safe; closing it closes the networks.
 */
public interface OpenModel extends ModelComponent.Tensors, AutoCloseable {
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

  /** Returns true if a request is sampled with classifier-free guidance. */
  default boolean isGuided(ImageRequest request) {
    return guidanceScale(request) > 1;
  }

  /** Returns the values of a completed request that adapters need. */
  default Generation generation(ImageRequest request) {
    return new Generation(
        compute(),
        isGuided(request),
        request.width().orElse(0),
        request.height().orElse(0),
        autoencoder().vaeScaleFactor());
  }

  /**
   * Returns the gradient guidance of a completed request: the first that its adapters have; empty
   * if they have none.
   */
  default Optional<GradientGuidance> gradientGuidance(ImageRequest request) {
    return Contribution.of(request.adapters())
        .guidance()
        .map(guidance -> guidance.of(generation(request)));
  }

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

  /**
   * The CLIP text encoders: the one at index i encodes the prompt {@link PromptOptions#text} of
   * encoder i. Empty if the model has none.
   */
  default List<LoadedClip> clipTextEncoders() {
    return List.of();
  }

  /** The denoising network for a batch. Its tensors belong to the calling scope. */
  PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents);

  /**
   * The layers of the denoising network, for the account of a backward pass.
   *
   * @param latentPixels the pixels of the latents of one image
   */
  NetworkLayout layout(int latentPixels);

  /** Returns the capabilities beyond generating from prompts. */
  Capabilities capabilities();

  /** One of {@link #capabilities()}; empty if the model lacks it. */
  default <C> Optional<C> capability(Class<C> kind) {
    return capabilities().find(kind);
  }

  /**
   * The networks of a family.
   *
   * @throws IllegalStateException if the base is of another family
   */
  default <N extends OpenNetworks> N networks(Class<N> kind) {
    if (!kind.isInstance(networks())) {
      throw new IllegalStateException("a base of the family " + family().id() + " has no "
          + kind.getSimpleName() + "; use a base of another family");
    }
    return kind.cast(networks());
  }

  /** The device and the element type of the networks. */
  default Compute compute() {
    return networks().compute();
  }

  default Autoencoder autoencoder() {
    return networks().autoencoder();
  }

  /** The scheduler that the model came with. */
  default SchedulerConfig scheduler() {
    return networks().scheduler();
  }

  /** The denoising network's component. */
  default ModelComponent denoiser() {
    return weights(ModelComponent.UNET) == null ? ModelComponent.TRANSFORMER : ModelComponent.UNET;
  }

  /** A component's tensors, owned by the networks; null for a component that the model lacks. */
  default LoadedWeights weights(ModelComponent component) {
    return networks().weights(component);
  }

  @Override
  default Set<String> tensorNames(ModelComponent component) {
    return networks().tensorNames(component);
  }

  @Override
  default long[] tensorShape(ModelComponent component, String name) {
    return networks().tensorShape(component, name);
  }

  /**
   * One of {@link #tensorNames} on the device; shared with every network, owned by the networks.
   */
  default Tensor tensor(ModelComponent component, String name) {
    return networks().tensor(component, name);
  }

  /**
   * One of {@link #tensorNames} for a single read. If no network has loaded it, the calling scope
   * owns it, so the memory plan is kept.
   */
  default Tensor read(ModelComponent component, String name) {
    return weights(component).read(name);
  }

  @Override
  default void close() {
    networks().close();
  }
}
