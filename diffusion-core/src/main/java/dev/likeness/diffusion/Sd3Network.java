package dev.likeness.diffusion;

import dev.likeness.diffusion.model.StableDiffusion3;
import dev.likeness.diffusion.replay.Runner;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.text.TextEncoding;
import dev.likeness.diffusion.transformer.FirstBlockCache;
import dev.likeness.diffusion.transformer.Sd3Transformer2DModel;
import java.util.List;
import java.util.Set;
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
    List<Sd3Transformer2DModel> weakened, Set<Integer> skipped, TextEncoding text,
    Canvas canvas) implements Guided.Rows {
  @Override
  public NoisePredictor asked(boolean weak, long first, long rows) {
    TextEncoding told = text.narrow(first, rows);
    FirstBlockCache cache = sitting.request().approximation().firstBlocks();
    Runner runner = cache == null ? canvas.runner() : Runner.PLAIN;
    return (input, step) -> {
      Sd3Transformer2DModel net = (weak ? weakened : views).get(step.index());
      return runner.run(List.of(net, told), in -> net.forward(in[0], in[1], told.tokens(), told.pooled(),
          weak ? skipped : Set.of(), cache).to(ScalarType.Float), model.compute().place(input),
          sitting.perRow(model.compute().number(step.timestep()), rows));
    };
  }
}
