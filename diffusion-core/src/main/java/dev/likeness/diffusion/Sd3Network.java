package dev.likeness.diffusion;

import dev.likeness.diffusion.model.StableDiffusion3;
import dev.likeness.diffusion.sampling.NoisePredictor;
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
    List<Sd3Transformer2DModel> weakened, Set<Integer> skipped, TextEncoding text) implements Guided.Rows {
  @Override
  public NoisePredictor asked(boolean weak, long first, long rows) {
    TextEncoding told = text.narrow(first, rows);
    return (input, step) -> (weak ? weakened : views).get(step.index()).forward(model.compute().place(input),
        time(step, rows), told.tokens(), told.pooled(), weak ? skipped : Set.of()).to(ScalarType.Float);
  }

  private Tensor time(Step step, long batch) {
    Tensor time = torch.tensor(new float[] {(float) step.timestep()});
    return sitting.perRow(time, batch).to(new Device(model.compute().device()), ScalarType.Float);
  }
}
