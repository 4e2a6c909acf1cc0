package dev.likeness.diffusion;

import dev.likeness.diffusion.model.StableDiffusion3;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.PromptPair;
import dev.likeness.diffusion.text.TextEncoding;
import dev.likeness.diffusion.transformer.Sd3Transformer2DModel;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Stable Diffusion 3's transformer as a sitting asks it.
 *
 * @param views the transformer as it is adapted at each row of the plan
 * @param weakened the same made worse on purpose, or null
 * @param skipped blocks that the weakened one leaves out
 * @param text the texts' rows, those of the negative prompt first where there are any
 */
record Sd3Network(StableDiffusion3 model, Sitting sitting, List<Sd3Transformer2DModel> views,
    List<Sd3Transformer2DModel> weakened, Set<Integer> skipped, TextEncoding text) implements Guided.Asked {
  @Override
  public NoisePredictor alone(boolean weak) {
    return asked(weak, text.tokens().size(0) - sitting.count(), sitting.count());
  }

  @Override
  public PromptPair both(boolean weak) {
    int count = sitting.count();
    return sitting.request().guidanceOptions().sequential()
        ? PromptPair.sequential(asked(weak, 0, count), asked(weak, count, count))
        : PromptPair.batched(asked(weak, 0, 2L * count));
  }

  private NoisePredictor asked(boolean weak, long first, long rows) {
    Tensor tokens = text.tokens().narrow(0, first, rows);
    Tensor pooled = text.pooled().narrow(0, first, rows);
    return (input, step) -> (weak ? weakened : views).get(step.index()).forward(model.compute().place(input),
        time(step, rows), tokens, pooled, weak ? skipped : Set.of()).to(ScalarType.Float);
  }

  private Tensor time(Step step, long batch) {
    Tensor time = torch.tensor(new float[] {(float) step.timestep()});
    return sitting.perRow(time, batch).to(new Device(model.compute().device()), ScalarType.Float);
  }
}
