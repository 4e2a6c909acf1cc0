package dev.likeness.diffusion;

import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.sampling.Guidance;
import dev.likeness.diffusion.sampling.GuidanceInterval;
import dev.likeness.diffusion.sampling.GuidanceRule;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.PromptPair;
import dev.likeness.diffusion.text.PromptSchedule;
import dev.likeness.diffusion.text.PromptSyntax;
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
 * @param together whether an adapter counts on both prompts being in one batch, as image prompts do
 */
record UNetNetwork(StableDiffusion model, ImageRequest request, Conditioner conditioner,
    List<UNet2DConditionModel> views, boolean together, Canvas canvas) {

  /** The network for a batch; what it is told belongs to the calling scope. */
  NoisePredictor of(int count) {
    List<UNetConditioning> wanted = told(request.prompt(), false, count);
    NoisePredictor plain = asked(wanted);
    if (request.guidance() <= 1) {
      return plain;
    }
    GuidanceOptions options = request.guidanceOptions();
    GuidanceRule rule = options.ruleOf(request.guidance());
    NoisePredictor guided = new Guidance(pair(told(request.negative(), true, count), wanted), rule);
    requireOnePass(options.throughout());
    return options.throughout() ? guided
        : GuidanceInterval.of(guided, plain, options.from(), options.until(), views.size());
  }

  /** What each row is told; rows with one text share it. */
  private List<UNetConditioning> told(String prompt, boolean unwanted, int count) {
    Map<String, UNetConditioning> known = new HashMap<>();
    boolean changes = request.prompting().syntax() == PromptSyntax.A1111;
    PromptSchedule schedule = PromptSchedule.of(prompt, views.size());
    return IntStream.range(0, views.size()).mapToObj(row -> known.computeIfAbsent(
        changes ? schedule.at(row) : prompt, text -> conditioner.of(text, unwanted, count))).toList();
  }

  private PromptPair pair(List<UNetConditioning> unwanted, List<UNetConditioning> wanted) {
    boolean alike = IntStream.range(0, views.size())
        .allMatch(row -> unwanted.get(row).context().size(1) == wanted.get(row).context().size(1));
    if (request.guidanceOptions().sequential() || !alike) {
      requireOnePass(false);
      return PromptPair.sequential(asked(unwanted), asked(wanted));
    }
    Map<List<UNetConditioning>, UNetConditioning> known = new HashMap<>();
    return PromptPair.batched(asked(IntStream.range(0, views.size()).mapToObj(row ->
        known.computeIfAbsent(List.of(unwanted.get(row), wanted.get(row)), two -> joined(two.get(0), two.get(1))))
        .toList()));
  }

  static UNetConditioning joined(UNetConditioning a, UNetConditioning b) {
    return new UNetConditioning(joined(a.context(), b.context()), joined(a.pooled(), b.pooled()),
        joined(a.timeIds(), b.timeIds()));
  }

  private void requireOnePass(boolean one) {
    if (together && !one) {
      throw new IllegalArgumentException("image prompts need both prompts in one pass: no sequential guidance, no interval,"
          + " and prompts of as many chunks");
    }
  }

  private static Tensor joined(Tensor a, Tensor b) {
    return a == null ? null : torch.cat(new TensorVector(a, b), 0);
  }

  private NoisePredictor asked(List<UNetConditioning> told) {
    Device device = new Device(model.compute().device());
    return canvas.under((input, step) -> views.get(step.index()).forward(model.compute().place(input),
        torch.tensor(new float[] {(float) step.timestep()}).to(device, torch.ScalarType.Float), told.get(step.index()))
        .to(torch.ScalarType.Float));
  }
}
