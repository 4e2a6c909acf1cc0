package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.schedulers.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The UNet as a sitting asks it: told at each row of the plan what the prompts say there, guided
 * where guidance is on.
 *
 * @param views the UNet as it is adapted at each row of the plan
 * @param weakened the same made worse on purpose, or null
 */
record UNetPredictor(
    StableDiffusionNetworks model,
    ConditionedBatch sitting,
    List<UNet2DConditionModel> views,
    List<UNet2DConditionModel> weakened,
    GuidedPredictor guided,
    PreparedLatents canvas) {

  /** The network for the sitting; what it is told belongs to the calling scope. */
  Predictor network() {
    List<UNetConditioning> wanted = told(false);
    List<UNetConditioning> unwanted = guided.scale() <= 1 ? null : told(true);
    return guided.of(new GuidedPredictor.Asked() {
      @Override
      public Predictor alone(boolean worse) {
        return asked(worse, wanted);
      }

      @Override
      public GuidedPredictor.PromptPair both(boolean worse) {
        return pair(worse, unwanted, wanted);
      }
    });
  }

  /**
   * What the pictures are told at each row of the plan; rows with the same texts share it, and what
   * is kept of it.
   */
  private List<UNetConditioning> told(boolean unwanted) {
    Map<List<TextEncoding>, UNetConditioning> known = new HashMap<>();
    return IntStream.range(0, views.size())
        .mapToObj(row -> known.computeIfAbsent(
            sitting.encodings(row, unwanted),
            texts -> kept(PromptConditioning.told(
                model, sitting.request(), sitting.byImage(texts), unwanted))))
        .toList();
  }

  private GuidedPredictor.PromptPair pair(
      boolean worse, List<UNetConditioning> unwanted, List<UNetConditioning> wanted) {
    boolean alike = IntStream.range(0, views.size())
        .allMatch(row ->
            unwanted.get(row).context().size(1) == wanted.get(row).context().size(1));
    if (guided.options().sequential() || !alike) {
      GuidedPredictor.requireOnePass(guided.together(), false);
      return GuidedPredictor.PromptPair.sequential(asked(worse, unwanted), asked(worse, wanted));
    }
    Map<List<UNetConditioning>, UNetConditioning> known = new HashMap<>();
    return GuidedPredictor.PromptPair.batched(asked(
        worse,
        IntStream.range(0, views.size())
            .mapToObj(row -> known.computeIfAbsent(
                List.of(unwanted.get(row), wanted.get(row)), rows -> kept(joined(rows))))
            .toList()));
  }

  /**
   * With keys and values kept, unless the network is another at every row, whose own would be kept
   * for each.
   */
  private UNetConditioning kept(UNetConditioning told) {
    return views.stream().distinct().count() == 1 ? told.keeping() : told;
  }

  static UNetConditioning joined(List<UNetConditioning> rows) {
    return new UNetConditioning(
        joined(rows, UNetConditioning::context),
        joined(rows, UNetConditioning::pooled),
        joined(rows, UNetConditioning::timeIds));
  }

  private static Tensor joined(
      List<UNetConditioning> rows, Function<UNetConditioning, Tensor> part) {
    if (part.apply(rows.get(0)) == null) {
      return null;
    }
    TensorVector all = new TensorVector();
    rows.forEach(row -> all.push_back(part.apply(row)));
    return torch.cat(all, 0);
  }

  private Predictor asked(boolean worse, List<UNetConditioning> told) {
    Device device = new Device(model.compute().device());
    DeepCache deep = DeepCache.of(sitting.request().caching());
    List<UNet2DConditionModel> nets = worse ? weakened : views;
    // What a ControlNet adds, and which layers are asked, changes with the row.
    boolean alike = canvas.hints().isEmpty() && deep == null;
    return new Predictor.RecordedNetwork(
        canvas.runner(),
        step -> alike ? List.of(nets.get(step.index()), told.get(step.index())) : null,
        (input, step, row) -> {
          Tensor time = sitting.perImage(row.tensor(Step::timestep, input), input.size(0));
          UNetConditioning here = told.get(step.index());
          ControlNetModel.Residuals control =
              ControlInput.all(canvas.hints(), model.compute().place(input), time, here, step);
          if (deep != null) {
            deep.at(step.index());
          }
          Tensor shown = canvas.shown(input).to(device, torch.ScalarType.Float);
          return nets.get(step.index()).forward(shown, time, here, control, deep);
        });
  }
}
