package dev.likeness.diffusion;

import dev.likeness.diffusion.model.Flux;
import dev.likeness.diffusion.replay.Runner;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.transformer.FirstBlockCache;
import dev.likeness.diffusion.transformer.FluxConditioning;
import dev.likeness.diffusion.transformer.FluxResiduals;
import dev.likeness.diffusion.transformer.FluxTransformer2DModel;
import dev.likeness.diffusion.transformer.PackedLatents;
import dev.likeness.diffusion.transformer.Rotation;
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
record FluxNetwork(Flux model, Sitting sitting, List<FluxTransformer2DModel> views, FluxConditioning text,
    Rotation rotation, Canvas canvas) implements Guided.Rows {
  private static final float TRAINING_STEPS = 1000;

  @Override
  public NoisePredictor asked(boolean weakened, long first, long rows) {
    FluxConditioning told = rows(first, rows);
    Tensor reference =
        canvas.reference() == null ? null : PackedLatents.pack(model.compute().place(canvas.reference()));
    FirstBlockCache cache = sitting.request().approximation().firstBlocks();
    return (input, step) -> predict(input, step, told, reference, cache);
  }

  private Tensor predict(Tensor input, Step step, FluxConditioning told, Tensor reference,
      FirstBlockCache cache) {
    Tensor own = PackedLatents.pack(model.compute().place(canvas.shown(input)));
    Tensor tokens =
        reference == null ? own : torch.cat(new TensorVector(own, reference.expand(own.size(0), -1, -1)), 1);
    FluxTransformer2DModel net = views.get(step.index());
    List<FluxResiduals> control = control(input, step);
    // What a ControlNet adds, and which blocks are asked, changes with the row.
    Runner runner = control.isEmpty() && cache == null ? canvas.runner() : Runner.PLAIN;
    Tensor answer = runner.run(List.of(net, told), in -> net.forward(in[0], in[1], told, rotation, control, cache), tokens,
        time(step, input.size(0))).narrow(1, 0, own.size(1));
    return PackedLatents.unpack(answer.to(ScalarType.Float), input.size(2), input.size(3));
  }

  private Tensor time(Step step, long batch) {
    return sitting.perRow(model.compute().number((float) step.timestep() / TRAINING_STEPS), batch);
  }

  /** What ControlNets add, told the prompt also where the transformer is told the negative one, as in diffusers. */
  private List<FluxResiduals> control(Tensor input, Step step) {
    if (canvas.hints().isEmpty()) {
      return List.of();
    }
    int count = sitting.count();
    FluxConditioning prompt = rows(text.text().size(0) - count, count);
    Tensor tokens = PackedLatents.pack(model.compute().place(input.narrow(0, 0, count)));
    return Hint.each(canvas.hints(), tokens, time(step, count), prompt, rotation, step).stream()
        .map(added -> added.repeated(input.size(0) / count)).toList();
  }

  private FluxConditioning rows(long first, long rows) {
    return new FluxConditioning(text.text().narrow(0, first, rows), text.pooled().narrow(0, first, rows),
        sitting.perRow(text.guidance(), rows));
  }
}
