package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.LayerPositions;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.ExtrapolatedPredictor;
import dev.likeness.diffusion.internal.sampling.GradientGuidedPredictor;
import dev.likeness.diffusion.internal.sampling.TiledPredictor;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.schedulers.SamplingPlan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stage 6: the network as the sampling loop calls it. Each part wraps the part before:
 *
 * <ol>
 *   <li>the family's network with the encoded prompts, control images and caching inside the
 *       network;
 *   <li>classifier-free guidance and degraded guidance;
 *   <li>caching of whole predictions (extrapolation);
 *   <li>the caller's hook, which wraps guided predictions;
 *   <li>windows, each of which calls all of the above;
 *   <li>gradient guidance, which needs the prediction of the whole sample.
 * </ol>
 */
record PredictorChain(PipelineModel model) {
  /** The chain for a batch. Its tensors belong to the calling scope. */
  Predictor of(Batch batch, PreparedLatents latents, SamplingPlan plan) {
    ImageRequest request = batch.request();
    Predictor guided = model.network(batch.conditionedBatch(plan.size()), latents);
    Predictor cached = withCaching(guided, request.caching(), plan);
    Predictor hooked = EngineHooks.of(request.hooks()).predictor().apply(cached);
    Predictor windowed = withTiling(hooked, request.tiling());
    return GradientGuidedPredictor.of(
        windowed,
        gradientGuidance(batch),
        () -> GradientMemory.of(model.model(), batch).choose());
  }

  /**
   * Refuses caching and windows that the network does not support. Windows do not go with caching
   * or momentum, because a window would continue from another window's prediction.
   *
   * @throws IllegalArgumentException if the network does not support the request's options
   */
  void require(ImageRequest request) {
    CachingOptions caching = request.caching();
    model.requireCaching(caching);
    if (request.tiling().windows().isPresent() && !model.supportsTiledSampling()) {
      throw new IllegalArgumentException(
          "this base does not support tiled sampling, because its network needs the whole image;"
              + " leave out the windows");
    }
    if (request.tiling().windows().isPresent()
        && gradientGuidance(model, request).stream()
            .flatMap(guidance -> guidance.networkGradient().stream())
            .anyMatch(gradient -> gradient == NetworkGradient.RECOMPUTED)) {
      throw new IllegalArgumentException(
          "tiled sampling cannot be combined with gradient checkpointing;"
              + " keep the activations, or leave the network out of the gradient");
    }
    if (request.tiling().windows().isPresent()
        && (caching.kind() != CachingOptions.Kind.NONE
            || request.guidanceOptions().formula().hasMomentum())) {
      throw new IllegalArgumentException(
          "tiled sampling cannot be combined with guidance with momentum, or with caching other than"
              + " token merging; turn tiled sampling off, or turn off momentum and caching");
    }
  }

  private static Predictor withCaching(
      Predictor network, CachingOptions caching, SamplingPlan plan) {
    return caching.kind() == CachingOptions.Kind.EXTRAPOLATION && caching.interval() > 1
        ? new ExtrapolatedPredictor(network, caching.interval(), plan)
        : network;
  }

  private static Predictor withTiling(Predictor network, TilingOptions tiling) {
    return tiling
        .windows()
        .<Predictor>map(windows -> TiledPredictor.of(network, windows.size(), windows.stride()))
        .orElse(network);
  }

  /** The gradient guidance of each image: the first that its adapters have. */
  private List<Optional<GradientGuidance>> gradientGuidance(Batch batch) {
    return batch.images().stream()
        .map(image -> gradientGuidance(model, image.request().request()))
        .toList();
  }

  private static Optional<GradientGuidance> gradientGuidance(
      PipelineModel model, ImageRequest request) {
    ModelAdapter.Context context = PromptEncoding.adapterContext(model, request);
    return request.adapters().stream()
        .flatMap(adapter -> ModelAdapter.of(adapter).gradientGuidance(context).stream())
        .findFirst();
  }

  /**
   * The memory of a gradient through the denoising network, estimated from the shapes of its
   * layers.
   *
   * @param weights the network's weights
   * @param kept bytes of the activations that a backward pass needs
   * @param recomputed bytes if the backward pass computes each block again
   * @param available bytes that are not used
   * @param windowed true if the sample is computed in windows
   */
  record GradientMemory(
      LoadedWeights weights, double kept, double recomputed, double available, boolean windowed) {
    /** Of the available memory, the share that activations may take. */
    private static final double SHARE = 0.7;
    /** The ratio of an allocator's heap to the memory in use, and tensors between layers. */
    private static final double OVERHEAD = 1.65;

    static GradientMemory of(OpenModel model, Batch batch) {
      ImageRequest request = batch.request();
      int factor = model.autoencoder().vaeScaleFactor();
      int places = request.width().getAsInt() / factor * (request.height().getAsInt() / factor);
      double rows = batch.images().size() * (model.guidanceScale(request) > 1 ? 2 : 1);
      LoadedWeights weights = model.weights(model.denoiser());
      LayerPositions positions = model
          .capability(TrainingTarget.class)
          .map(target -> target.layerPositions(places))
          .orElse(null);
      long tokens = model.latents().tokens(request);
      Map<String, Double> blocks = new HashMap<>();
      double ends = 0;
      for (String name : weights.names()) {
        long[] shape = weights.shape(name);
        if (shape.length < 2 || !name.endsWith(".weight")) {
          continue;
        }
        String path = name.substring(0, name.length() - ".weight".length());
        double at = positions == null ? tokens : positions.positions(path);
        String block = positions == null ? null : positions.block(path);
        blocks.merge(block == null ? path : block, at * (shape[0] + shape[1]), Double::sum);
        ends += positions == null || positions.endsBlock(path) ? at * shape[0] : 0;
      }
      double bytes = OVERHEAD * rows * model.compute().dtype().bits() / Byte.SIZE;
      double all = blocks.values().stream().mapToDouble(d -> d).sum();
      double largest = blocks.values().stream().mapToDouble(d -> d).max().orElse(0);
      DeviceMemory memory = DeviceMemory.find(model.compute()).orElse(null);
      return new GradientMemory(
          weights,
          bytes * all,
          bytes * (largest + 2 * ends),
          memory == null ? Double.POSITIVE_INFINITY : memory.total() - Math.max(0, memory.used()),
          request.tiling().windows().isPresent());
    }

    /** Chooses the gradient through the network if it fits, else the one that leaves it out. */
    NetworkGradient choose() {
      if (!weights.isCompressed() && kept <= SHARE * available) {
        return NetworkGradient.KEPT;
      }
      return !weights.isStreamed() && !windowed && recomputed <= SHARE * available
          ? NetworkGradient.RECOMPUTED
          : NetworkGradient.LEFT_OUT;
    }
  }
}
