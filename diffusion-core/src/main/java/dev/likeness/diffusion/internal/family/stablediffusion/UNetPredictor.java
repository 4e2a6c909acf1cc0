package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.schedulers.Step;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The UNet as the sampling loop calls it, with the prompts at each row of the plan. */
final class UNetPredictor implements PromptedNetwork {
  private final StableDiffusionNetworks model;
  private final ConditionedBatch batch;
  private final List<UNet2DConditionModel> networks;
  private final List<UNet2DConditionModel> degradedNetworks;
  private final PreparedLatents latents;
  private final List<UNetConditioning> positive;
  private final List<UNetConditioning> negative;

  /**
   * The network for a batch; its conditioning belongs to the calling scope.
   *
   * @param networks the adapted UNet at each row of the plan
   * @param degradedNetworks the degraded UNet at each row, or null
   */
  UNetPredictor(
      StableDiffusionNetworks model,
      ConditionedBatch batch,
      List<UNet2DConditionModel> networks,
      List<UNet2DConditionModel> degradedNetworks,
      boolean guided,
      PreparedLatents latents) {
    this.model = model;
    this.batch = batch;
    this.networks = networks;
    this.degradedNetworks = degradedNetworks;
    this.latents = latents;
    this.positive = conditioning(false);
    this.negative = guided ? conditioning(true) : null;
  }

  /** The conditioning at each row of the plan. Rows with the same texts share it and its cache. */
  private List<UNetConditioning> conditioning(boolean ofNegative) {
    Map<List<TextEncoding>, UNetConditioning> known = new HashMap<>();
    return IntStream.range(0, networks.size())
        .mapToObj(row -> known.computeIfAbsent(
            batch.encodings(row, ofNegative),
            texts -> withCache(PromptConditioning.unetConditioning(
                model, batch.request(), batch.repeatPerImage(texts), ofNegative))))
        .toList();
  }

  @Override
  public boolean canBatchPrompts() {
    return IntStream.range(0, networks.size())
        .allMatch(row ->
            negative.get(row).context().size(1) == positive.get(row).context().size(1));
  }

  @Override
  public Predictor predictor(Prompts prompts, boolean degraded) {
    return switch (prompts) {
      case POSITIVE -> predictor(prompts, positive, degraded);
      case NEGATIVE -> predictor(prompts, negative, degraded);
      case BOTH -> predictor(prompts, batchedConditioning(), degraded);
    };
  }

  private List<UNetConditioning> batchedConditioning() {
    Map<List<UNetConditioning>, UNetConditioning> known = new HashMap<>();
    return IntStream.range(0, networks.size())
        .mapToObj(row -> known.computeIfAbsent(
            List.of(negative.get(row), positive.get(row)), rows -> withCache(concat(rows))))
        .toList();
  }

  /** Adds a cache of keys and values, unless the network changes at every row. */
  private UNetConditioning withCache(UNetConditioning conditioning) {
    return networks.stream().distinct().count() == 1 ? conditioning.withCache() : conditioning;
  }

  static UNetConditioning concat(List<UNetConditioning> rows) {
    return new UNetConditioning(
        concat(rows, UNetConditioning::context),
        concat(rows, UNetConditioning::pooled),
        concat(rows, UNetConditioning::timeIds));
  }

  private static Tensor concat(
      List<UNetConditioning> rows, Function<UNetConditioning, Tensor> part) {
    if (part.apply(rows.get(0)) == null) {
      return null;
    }
    TensorVector all = new TensorVector();
    rows.forEach(row -> all.push_back(part.apply(row)));
    return torch.cat(all, 0);
  }

  private Predictor predictor(
      Prompts prompts, List<UNetConditioning> conditioning, boolean degraded) {
    Device device = new Device(model.compute().device());
    DeepCache deep = deepCache(batch.request().caching());
    ControlContexts contexts = new ControlContexts(prompts);
    List<UNet2DConditionModel> nets = degraded ? degradedNetworks : networks;
    return (input, step) -> {
      Tensor time = batch.expandToBatch(Tensors.scalar(step.timestep(), input), input.size(0));
      UNetConditioning here = conditioning.get(step.index());
      ControlNetModel.Residuals control =
          residuals(contexts, Tensors.place(model.compute(), input), time, here, step);
      if (deep != null) {
        deep.startRow(step.index());
      }
      Tensor networkInput = latents.networkInput(input).to(device, torch.ScalarType.Float);
      return nets.get(step.index()).forward(networkInput, time, here, control, deep);
    };
  }

  /** The sum of the active ControlNets' residuals; null for none. */
  private ControlNetModel.Residuals residuals(
      ControlContexts contexts,
      Tensor input,
      Tensor time,
      UNetConditioning conditioning,
      Step step) {
    Prompts prompts = contexts.prompts;
    return latents.controls().stream()
        .filter(control -> control.isActive(step))
        .map(UNetControlNet.Input.class::cast)
        .filter(control -> !control.isGuess() || prompts != Prompts.NEGATIVE)
        .map(control -> control.isGuess() && prompts == Prompts.BOTH
            ? ofPromptAlone(control, input, time, step)
            : control.residuals(input, time, contexts.of(control, conditioning), step))
        .reduce(null, (sum, next) -> next.add(sum));
  }

  /** In guess mode, the negative half of a batch of both prompts has no residuals. */
  private ControlNetModel.Residuals ofPromptAlone(
      UNetControlNet.Input control, Tensor both, Tensor time, Step step) {
    long half = both.size(0) / 2;
    return control
        .residuals(
            both.narrow(0, half, half),
            time.size(0) == 1 ? time : time.narrow(0, half, half),
            new ControlContexts(Prompts.POSITIVE).of(control, positive.get(step.index())),
            step)
        .afterZeros();
  }

  /**
   * The conditioning of ControlNets that attend to tokens of their own. The tokens are joined once
   * for all steps.
   */
  private final class ControlContexts {
    private final Prompts prompts;
    private final Map<ControlInput, Optional<Tensor>> tokens = new IdentityHashMap<>();

    ControlContexts(Prompts prompts) {
      this.prompts = prompts;
      latents.controls().forEach(control -> tokens.put(control, tokens(control)));
    }

    /** A union's control images share one network, so they share its tokens. */
    private Optional<Tensor> tokens(ControlInput control) {
      ControlImage first = control.controls().get(0);
      Optional<Tensor> wanted = batch.controlTokens(first, false);
      return switch (prompts) {
        case POSITIVE -> wanted;
        case NEGATIVE -> batch.controlTokens(first, true);
        case BOTH ->
          wanted.map(own ->
              torch.cat(new TensorVector(batch.controlTokens(first, true).orElseThrow(), own), 0));
      };
    }

    UNetConditioning of(ControlInput control, UNetConditioning prompt) {
      return tokens.get(control).map(prompt::withContext).orElse(prompt);
    }
  }

  private static DeepCache deepCache(CachingOptions caching) {
    boolean forecast = caching.kind() == CachingOptions.Kind.DEEP_FORECAST;
    return forecast || caching.kind() == CachingOptions.Kind.DEEP_CACHE
        ? new DeepCache(caching.interval(), caching.layers(), forecast)
        : null;
  }
}
