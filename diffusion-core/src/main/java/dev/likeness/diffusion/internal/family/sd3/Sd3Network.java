package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.RecordedNetwork;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.pipeline.Batch;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.schedulers.Step;
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
record Sd3Network(
    Sd3Networks model,
    Batch sitting,
    List<Sd3Transformer2DModel> views,
    List<Sd3Transformer2DModel> weakened,
    Set<Integer> skipped,
    TextEncoding text,
    PreparedLatents canvas)
    implements GuidedPredictor.Rows {
  @Override
  public Predictor asked(boolean weak, long first, long rows) {
    TextEncoding told = text.narrow(first, rows);
    FirstBlockCache cache = sitting.request().approximation().firstBlocks();
    List<Sd3Transformer2DModel> nets = weak ? weakened : views;
    Set<Integer> left = weak ? skipped : Set.of();
    return new RecordedNetwork(
        canvas.runner(),
        step -> cache == null ? List.of(nets.get(step.index()), told, left) : null,
        (input, step, row) -> nets.get(step.index())
            .forward(
                model.compute().place(input),
                sitting.perRow(row.tensor(Step::timestep, input), rows),
                told.tokens(),
                told.pooled(),
                left,
                cache)
            .to(ScalarType.Float));
  }
}
