package dev.likeness.diffusion;

import dev.likeness.diffusion.model.Flux;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.PromptPair;
import dev.likeness.diffusion.transformer.FluxConditioning;
import dev.likeness.diffusion.transformer.FluxResiduals;
import dev.likeness.diffusion.transformer.FluxTransformer2DModel;
import dev.likeness.diffusion.transformer.PackedLatents;
import dev.likeness.diffusion.transformer.Rotation;
import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * FLUX's transformer as a request asks it.
 *
 * @param views the transformer as it is adapted at each row of the plan
 * @param text the texts' rows, those of the negative prompt first where there are any
 * @param count pictures, which is how many of the rows are the prompt's
 */
record FluxNetwork(Flux model, boolean sequential, List<FluxTransformer2DModel> views, FluxConditioning text,
    Rotation rotation, Canvas canvas, int count) implements Guided.Asked {
  private static final float TRAINING_STEPS = 1000;

  @Override
  public NoisePredictor alone(boolean weakened) {
    return asked(text.text().size(0) - count, count);
  }

  @Override
  public PromptPair both(boolean weakened) {
    return sequential ? PromptPair.sequential(asked(0, count), asked(count, count))
        : PromptPair.batched(asked(0, 2L * count));
  }

  private NoisePredictor asked(long first, long rows) {
    FluxConditioning told = rows(first, rows);
    return (input, step) -> predict(input, step, told);
  }

  private Tensor predict(Tensor input, Step step, FluxConditioning told) {
    Tensor time = torch.tensor(new float[] {(float) step.timestep() / TRAINING_STEPS})
        .to(new Device(model.compute().device()), ScalarType.Float);
    Tensor own = PackedLatents.pack(model.compute().place(canvas.shown(input)));
    Tensor tokens = canvas.reference() == null ? own : torch.cat(new TensorVector(own, PackedLatents.pack(
        model.compute().place(canvas.reference())).expand(own.size(0), -1, -1)), 1);
    Tensor answer = views.get(step.index()).forward(tokens, time, told, rotation, control(input, step, time))
        .narrow(1, 0, own.size(1));
    return PackedLatents.unpack(answer.to(ScalarType.Float), input.size(2), input.size(3));
  }

  /** What ControlNets add, told the prompt also where the transformer is told the negative one, as in diffusers. */
  private List<FluxResiduals> control(Tensor input, Step step, Tensor time) {
    if (canvas.hints().isEmpty()) {
      return List.of();
    }
    FluxConditioning prompt = rows(text.text().size(0) - count, count);
    Tensor tokens = PackedLatents.pack(model.compute().place(input.narrow(0, 0, count)));
    return Hint.each(canvas.hints(), tokens, time, prompt, rotation, step).stream()
        .map(added -> added.repeated(input.size(0) / count)).toList();
  }

  private FluxConditioning rows(long first, long rows) {
    return new FluxConditioning(text.text().narrow(0, first, rows), text.pooled().narrow(0, first, rows), text.guidance());
  }
}
