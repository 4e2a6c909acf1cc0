package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * FLUX.1's transformer as the sampling loop calls it.
 *
 * @param networks the adapted transformer at each row of the plan
 * @param text encodings; those of negative prompts come first
 */
record FluxPredictor(
    FluxNetworks model,
    ConditionedBatch batch,
    List<FluxTransformer2DModel> networks,
    FluxTransformer2DModel.Inputs text,
    RotaryEmbedding rotation,
    PreparedLatents latents)
    implements PromptedNetwork.Rows {
  private static final float TRAINING_STEPS = 1000;

  @Override
  public Predictor predictor(boolean degraded, long first, long rows) {
    FluxTransformer2DModel.Inputs conditioning = rows(first, rows);
    Tensor reference = latents.references().isEmpty()
        ? null
        : LatentPacking.pack(Tensors.place(model.compute(), latents.references().get(0)));
    FirstBlockCache cache = FirstBlockCache.of(batch.request().caching());
    return (input, step) -> predict(input, step, conditioning, reference, cache);
  }

  private Tensor predict(
      Tensor input,
      Step step,
      FluxTransformer2DModel.Inputs conditioning,
      Tensor reference,
      FirstBlockCache cache) {
    Tensor own = LatentPacking.pack(Tensors.place(model.compute(), latents.networkInput(input)));
    Tensor tokens = reference == null
        ? own
        : torch.cat(new TensorVector(own, reference.expand(own.size(0), -1, -1)), 1);
    Tensor answer = networks
        .get(step.index())
        .forward(
            tokens,
            time(step, input, input.size(0)),
            conditioning,
            rotation,
            residuals(input, step),
            cache)
        .narrow(1, 0, own.size(1));
    return LatentPacking.unpack(answer.to(ScalarType.Float), input.size(2), input.size(3));
  }

  private Tensor time(Step step, Tensor input, long count) {
    return batch.expandToBatch(
        Tensors.scalar((float) step.timestep() / TRAINING_STEPS, input), count);
  }

  /**
   * Residuals of ControlNets. As in diffusers, they take the prompt even if the transformer takes
   * the negative prompt.
   */
  private List<FluxControlNetModel.Residuals> residuals(Tensor input, Step step) {
    if (latents.controls().isEmpty()) {
      return List.of();
    }
    int count = batch.count();
    FluxTransformer2DModel.Inputs prompt = rows(text.text().size(0) - count, count);
    Tensor tokens = LatentPacking.pack(Tensors.place(model.compute(), input.narrow(0, 0, count)));
    return latents.controls().stream()
        .filter(control -> control.isActive(step))
        .map(control -> ((FluxControlNet.Input) control)
            .residuals(tokens, time(step, input, count), prompt, rotation)
            .repeatBatch(input.size(0) / count))
        .toList();
  }

  private FluxTransformer2DModel.Inputs rows(long first, long rows) {
    return new FluxTransformer2DModel.Inputs(
        text.text().narrow(0, first, rows),
        text.pooled().narrow(0, first, rows),
        batch.expandToBatch(text.guidance(), rows));
  }
}
