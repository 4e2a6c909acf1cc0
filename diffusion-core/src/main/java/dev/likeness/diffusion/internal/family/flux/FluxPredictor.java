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
 * @param controls the ControlNets with what they attend to
 */
record FluxPredictor(
    FluxNetworks model,
    ConditionedBatch batch,
    List<FluxTransformer2DModel> networks,
    FluxTransformer2DModel.Inputs text,
    RotaryEmbedding rotation,
    PreparedLatents latents,
    List<Control> controls)
    implements PromptedNetwork.Rows {
  private static final float TRAINING_STEPS = 1000;

  @Override
  public Predictor predictor(boolean degraded, long first, long rows) {
    FluxTransformer2DModel.Inputs conditioning = rows(first, rows);
    Tensor reference = latents.references().isEmpty()
        ? null
        : LatentPacking.pack(Tensors.place(model.compute(), latents.references().get(0)));
    FirstBlockCache cache = FirstBlockCache.of(batch.request().caching());
    long negatives = Math.min(rows, text.text().size(0) - batch.count() - first);
    return (input, step) ->
        predict(input, step, conditioning, reference, residuals(input, step, negatives), cache);
  }

  private Tensor predict(
      Tensor input,
      Step step,
      FluxTransformer2DModel.Inputs conditioning,
      Tensor reference,
      List<FluxControlNetModel.Residuals> residuals,
      FirstBlockCache cache) {
    Tensor own = LatentPacking.pack(Tensors.place(model.compute(), latents.networkInput(input)));
    Tensor tokens = reference == null
        ? own
        : torch.cat(new TensorVector(own, reference.expand(own.size(0), -1, -1)), 1);
    Tensor answer = networks
        .get(step.index())
        .forward(tokens, time(step, input, input.size(0)), conditioning, rotation, residuals, cache)
        .narrow(1, 0, own.size(1));
    return LatentPacking.unpack(answer.to(ScalarType.Float), input.size(2), input.size(3));
  }

  private Tensor time(Step step, Tensor input, long count) {
    return batch.expandToBatch(
        Tensors.scalar((float) step.timestep() / TRAINING_STEPS, input), count);
  }

  /**
   * Residuals of ControlNets. As in diffusers, they take the prompt even if the transformer takes
   * the negative prompt. ControlNets for the prompt alone add zeros to rows of negative prompts.
   *
   * @param negatives number of rows of negative prompts, which come first
   */
  private List<FluxControlNetModel.Residuals> residuals(Tensor input, Step step, long negatives) {
    if (controls.isEmpty()) {
      return List.of();
    }
    int count = batch.count();
    Tensor tokens = LatentPacking.pack(Tensors.place(model.compute(), input.narrow(0, 0, count)));
    return controls.stream()
        .filter(control -> control.input.isActive(step))
        .filter(control -> !control.isForPromptAlone || negatives < input.size(0))
        .map(control -> {
          FluxControlNetModel.Residuals own = control.input.residuals(
              tokens, time(step, input, count), control.conditioning, control.rotation);
          return control.isForPromptAlone
              ? own.afterZeros(negatives)
              : own.repeatBatch(input.size(0) / count);
        })
        .toList();
  }

  /**
   * A ControlNet with what it attends to.
   *
   * @param input its network and its control image
   * @param conditioning the prompts of the batch, or tokens in place of their tokens
   * @param rotation positions of these tokens, then of the image's
   * @param isForPromptAlone false if it also acts on the prediction with the negative prompt
   */
  record Control(
      FluxControlNet.Input input,
      FluxTransformer2DModel.Inputs conditioning,
      RotaryEmbedding rotation,
      boolean isForPromptAlone) {}

  private FluxTransformer2DModel.Inputs rows(long first, long rows) {
    return rows(batch, text, first, rows);
  }

  /** A part of the encodings of a batch. */
  static FluxTransformer2DModel.Inputs rows(
      ConditionedBatch batch, FluxTransformer2DModel.Inputs text, long first, long rows) {
    return new FluxTransformer2DModel.Inputs(
        text.text().narrow(0, first, rows),
        text.pooled().narrow(0, first, rows),
        batch.expandToBatch(text.guidance(), rows));
  }
}
