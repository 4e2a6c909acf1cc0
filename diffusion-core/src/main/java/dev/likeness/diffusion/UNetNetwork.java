package dev.likeness.diffusion;

import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.PromptPair;
import dev.likeness.diffusion.text.PromptSchedule;
import dev.likeness.diffusion.text.PromptSyntax;
import dev.likeness.diffusion.unet.ControlResiduals;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The UNet as a request asks it: told at each row what the prompts say there, guided where guidance is on.
 *
 * @param views the UNet as it is adapted at each row of the plan
 * @param weakened the same made worse on purpose, or null
 */
record UNetNetwork(StableDiffusion model, ImageRequest request, Conditioner conditioner,
    List<UNet2DConditionModel> views, List<UNet2DConditionModel> weakened, Guided guided, Canvas canvas) {

  /** The network for a batch; what it is told belongs to the calling scope. */
  NoisePredictor of(int count) {
    List<UNetConditioning> wanted = told(request.prompt(), false, count);
    List<UNetConditioning> unwanted = guided.scale() <= 1 ? null : told(request.negative(), true, count);
    return guided.of(new Guided.Asked() {
      @Override
      public NoisePredictor alone(boolean worse) {
        return asked(worse, wanted);
      }

      @Override
      public PromptPair both(boolean worse) {
        return pair(worse, unwanted, wanted);
      }
    });
  }

  /** What each row is told; rows with one text share it. */
  private List<UNetConditioning> told(String prompt, boolean unwanted, int count) {
    Map<String, UNetConditioning> known = new HashMap<>();
    boolean changes = request.prompting().syntax() == PromptSyntax.A1111;
    PromptSchedule schedule = PromptSchedule.of(prompt, views.size());
    return IntStream.range(0, views.size()).mapToObj(row -> known.computeIfAbsent(
        changes ? schedule.at(row) : prompt, text -> conditioner.of(text, unwanted, count))).toList();
  }

  private PromptPair pair(boolean worse, List<UNetConditioning> unwanted, List<UNetConditioning> wanted) {
    boolean alike = IntStream.range(0, views.size())
        .allMatch(row -> unwanted.get(row).context().size(1) == wanted.get(row).context().size(1));
    if (request.guidanceOptions().sequential() || !alike) {
      Guided.requireOnePass(guided.together(), false);
      return PromptPair.sequential(asked(worse, unwanted), asked(worse, wanted));
    }
    Map<List<UNetConditioning>, UNetConditioning> known = new HashMap<>();
    return PromptPair.batched(asked(worse, IntStream.range(0, views.size()).mapToObj(row ->
        known.computeIfAbsent(List.of(unwanted.get(row), wanted.get(row)), two -> joined(two.get(0), two.get(1))))
        .toList()));
  }

  static UNetConditioning joined(UNetConditioning a, UNetConditioning b) {
    return new UNetConditioning(joined(a.context(), b.context()), joined(a.pooled(), b.pooled()),
        joined(a.timeIds(), b.timeIds()));
  }

  private static Tensor joined(Tensor a, Tensor b) {
    return a == null ? null : torch.cat(new TensorVector(a, b), 0);
  }

  private NoisePredictor asked(boolean worse, List<UNetConditioning> told) {
    Device device = new Device(model.compute().device());
    return (input, step) -> {
      Tensor time = torch.tensor(new float[] {(float) step.timestep()}).to(device, torch.ScalarType.Float);
      UNetConditioning here = told.get(step.index());
      ControlResiduals control = Hint.all(canvas.hints(), model.compute().place(input), time, here, step);
      return (worse ? weakened : views).get(step.index())
          .forward(canvas.shown(input).to(device, torch.ScalarType.Float), time, here, control);
    };
  }
}
