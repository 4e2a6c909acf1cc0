package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.cudagraph.StepScalars;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * FLUX's transformer as a sitting asks it.
 *
 * @param views the transformer as it is adapted at each row of the plan
 * @param text the texts' rows, those of the negative prompt first where there are any
 */
record FluxPredictor(
    FluxNetworks model,
    ConditionedBatch sitting,
    List<FluxTransformer2DModel> views,
    FluxTransformer2DModel.Inputs text,
    RotaryEmbedding rotation,
    PreparedLatents canvas)
    implements GuidedPredictor.Rows {
  private static final float TRAINING_STEPS = 1000;

  @Override
  public Predictor asked(boolean weakened, long first, long rows) {
    FluxTransformer2DModel.Inputs told = rows(first, rows);
    Tensor reference = canvas.reference() == null
        ? null
        : LatentPacking.pack(model.compute().place(canvas.reference()));
    FirstBlockCache cache = FirstBlockCache.of(sitting.request().caching());
    // What a ControlNet adds, and which blocks are asked, changes with the row.
    boolean alike = canvas.hints().isEmpty() && cache == null;
    return new Predictor.RecordedNetwork(
        canvas.runner(),
        step -> alike ? List.of(views.get(step.index()), told) : null,
        (input, step, row) -> answer(input, step, row, told, reference, cache));
  }

  private Tensor answer(
      Tensor input,
      Step step,
      StepScalars row,
      FluxTransformer2DModel.Inputs told,
      Tensor reference,
      FirstBlockCache cache) {
    Tensor own = LatentPacking.pack(model.compute().place(canvas.shown(input)));
    Tensor tokens = reference == null
        ? own
        : torch.cat(new TensorVector(own, reference.expand(own.size(0), -1, -1)), 1);
    Tensor answer = views
        .get(step.index())
        .forward(
            tokens,
            time(row, input, input.size(0)),
            told,
            rotation,
            control(input, step, row),
            cache)
        .narrow(1, 0, own.size(1));
    return LatentPacking.unpack(answer.to(ScalarType.Float), input.size(2), input.size(3));
  }

  private Tensor time(StepScalars row, Tensor input, long batch) {
    return sitting.perImage(
        row.tensor(step -> (float) step.timestep() / TRAINING_STEPS, input), batch);
  }

  /**
   * What ControlNets add, told the prompt also where the transformer is told the negative one, as
   * in diffusers.
   */
  private List<FluxControlNetModel.Residuals> control(Tensor input, Step step, StepScalars row) {
    if (canvas.hints().isEmpty()) {
      return List.of();
    }
    int count = sitting.count();
    FluxTransformer2DModel.Inputs prompt = rows(text.text().size(0) - count, count);
    Tensor tokens = LatentPacking.pack(model.compute().place(input.narrow(0, 0, count)));
    return ControlInput.each(
            canvas.hints(), tokens, time(row, input, count), prompt, rotation, step)
        .stream()
        .map(added -> added.repeated(input.size(0) / count))
        .toList();
  }

  private FluxTransformer2DModel.Inputs rows(long first, long rows) {
    return new FluxTransformer2DModel.Inputs(
        text.text().narrow(0, first, rows),
        text.pooled().narrow(0, first, rows),
        sitting.perImage(text.guidance(), rows));
  }
}
