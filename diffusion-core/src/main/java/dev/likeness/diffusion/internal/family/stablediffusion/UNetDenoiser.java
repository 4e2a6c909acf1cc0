package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.family.Canvas;
import dev.likeness.diffusion.internal.family.Denoiser;
import dev.likeness.diffusion.internal.family.Hint;
import dev.likeness.diffusion.internal.family.NoisePredictor;
import dev.likeness.diffusion.internal.family.Texts;
import dev.likeness.diffusion.internal.pipeline.Easel;
import dev.likeness.diffusion.internal.pipeline.Sitting;
import dev.likeness.diffusion.internal.sampling.Guided;
import dev.likeness.diffusion.internal.text.Cut;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.request.Control;
import dev.likeness.diffusion.request.Defaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.request.Weakening;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Stable Diffusion 1.x, 2.x and XL. */
public record UNetDenoiser(StableDiffusion model) implements Denoiser {
  @Override
  public Defaults defaults() {
    int side = model.unetConfig().sampleSize() == 0 ? 64 : model.unetConfig().sampleSize();
    int pixels = side * model.autoencoder().factor();
    boolean xl = model.sizeIds() != 0;
    boolean few = ofConsistency();
    int steps = (int) model.drawnWith("_num_inference_steps", few ? 4 : 50);
    return new Defaults(
        steps,
        guidance(few ? 8.5 : xl && !showsMask() ? 5 : 7.5),
        pixels,
        pixels,
        xl ? 0.3 : 0.8,
        xl ? 0.9999 : 1,
        model.drawnWith("_eta", 0));
  }

  private boolean ofConsistency() {
    return model.unetConfig().guidanceWidth() != 0 && model.sizeIds() == 0;
  }

  private double guidance(double usual) {
    return model.drawnWith("_guidance_scale", usual);
  }

  /**
   * SDXL's inpainting has more guidance, and beside a ControlNet its pictures are drawn over
   * further.
   */
  @Override
  public Defaults defaults(ImageRequest request) {
    if (model.sizeIds() == 0) {
      return defaults();
    }
    boolean held = !request.controls().isEmpty();
    boolean inpaints = showsMask() || request.drawsOver() && request.initial().masked();
    Defaults own = defaults().guidance(guidance(inpaints && !held ? 7.5 : 5));
    return held ? own.strength(0.8) : own;
  }

  @Override
  public int unit() {
    return model.autoencoder().factor();
  }

  @Override
  public boolean guided(ImageRequest request) {
    return request.guidance() > 1 && model.unetConfig().guidanceWidth() == 0;
  }

  @Override
  public PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler) {
    boolean over = plain.strength() < 1
        && !request.initial().masked()
        && request.controls().isEmpty();
    boolean own = plain.timesteps().length + plain.sigmas().length > 0;
    return over && !own && ofConsistency() && scheduler.className().equals("LCMScheduler")
        ? below(plain, scheduler.options())
        : plain;
  }

  // Latent consistency's pipeline does all steps over a picture, among the lowest of those that the
  // network was distilled on.
  private static PlanRequest below(PlanRequest plain, Options options) {
    int origins = options.integer("original_inference_steps");
    int left = (int) (origins * plain.strength());
    int n = plain.steps();
    if (left < n) {
      throw new IllegalArgumentException("strength " + plain.strength() + " leaves " + left + " of "
          + origins + " distilled steps, got " + n + "; ask for fewer");
    }
    int stride = options.integer("num_train_timesteps") / origins;
    return PlanRequest.ofTimesteps(IntStream.range(0, n)
            .mapToDouble(i -> (left - Math.floor(i * ((double) left / n))) * stride - 1)
            .toArray())
        .between(plain.from(), plain.until())
        .eta(plain.eta());
  }

  /** With a ControlNet the first picture there is, whatever the mask. */
  @Override
  public Picture sizedBy(ImageRequest request) {
    return request.controls().isEmpty()
        ? Denoiser.super.sizedBy(request)
        : request.initial() == null
            ? request.controls().get(0).picture()
            : request.initial().picture();
  }

  @Override
  public boolean hasShallowWay() {
    return true;
  }

  @Override
  public boolean showsMask() {
    return model.unetConfig().inChannels() == 2 * model.autoencoder().latentChannels() + 1;
  }

  @Override
  public Tensor shown(Tensor mask, Tensor kept) {
    Tensor small = Easel.corners(mask, model.autoencoder().factor());
    return torch.cat(
        new TensorVector(small.expand(kept.size(0), 1, kept.size(2), kept.size(3)), kept), 1);
  }

  @Override
  public Hint hint(List<Control> controls, int rows, Function<Control, Tensor> seen) {
    Control first = controls.get(0);
    ControlNetModel net = first.net().beside(model.unetConfig());
    if (!first.net().isUnion()) {
      return new Hint(controls, rows, net, null, List.of(net.hint(seen.apply(first))), null);
    }
    controls.forEach(control -> control.net().requireTold(control.mode()));
    boolean alone = controls.size() == 1;
    List<Tensor> hints = controls.stream()
        .map(control -> net.hint(seen.apply(control), control.mode(), alone ? 1 : control.scale()))
        .toList();
    return new Hint(
        controls,
        rows,
        net,
        null,
        hints,
        net.kinds(controls.stream().map(Control::mode).toList()));
  }

  @Override
  public Texts texts(
      ImageRequest request, Function<Part, Adaptation> adaptation, PromptSchedule schedule) {
    return new Conditioner(model, request, adaptation)
        .texts(
            guided(request),
            Denoiser.showsPictures(model, Part.UNET, adaptation.apply(Part.UNET)),
            schedule);
  }

  @Override
  public Stream<Cut> cuts(String prompt, List<TextualInversion> words) {
    return model.towers().stream().map(tower -> tower.cut(prompt, words));
  }

  @Override
  public NoisePredictor network(Sitting sitting, Canvas canvas, int rows) {
    ImageRequest request = sitting.request();
    Denoiser.refuseTrueCfg(request);
    Adaptation unet = sitting.adaptation(Part.UNET).and(request.approximation().merging());
    List<UNet2DConditionModel> views = Denoiser.views(unet, rows, model::unet);
    List<UNet2DConditionModel> worse = weakened(unet, request.guidanceOptions().weakening(), rows);
    Guided guided = new Guided(
        request.guidanceOptions(),
        guided(request) ? request.guidance() : 1,
        rows,
        Denoiser.showsPictures(model, Part.UNET, unet));
    return new UNetNetwork(model, sitting, views, worse, guided, canvas).network();
  }

  private List<UNet2DConditionModel> weakened(Adaptation unet, Weakening weakening, int rows) {
    if (weakening != null && weakening.kind() == Weakening.Kind.SKIPPED_BLOCKS) {
      throw new IllegalArgumentException(
          "skip-layer guidance is for Stable Diffusion 3; a UNet has perturbed attention");
    }
    return weakening == null
        ? null
        : Denoiser.views(
            unet.and(Denoiser.perturbed(model, Part.UNET, weakening)), rows, model::unet);
  }
}
