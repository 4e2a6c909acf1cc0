package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.pipeline.LatentPreparation;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
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
public record StableDiffusionModel(StableDiffusionNetworks model) implements OpenModel {
  @Override
  public GenerationDefaults defaults() {
    int side = model.unetConfig().sampleSize() == 0 ? 64 : model.unetConfig().sampleSize();
    int pixels = side * model.autoencoder().factor();
    boolean xl = model.sizeIds() != 0;
    boolean few = ofConsistency();
    int steps = (int) model.drawnWith("_num_inference_steps", few ? 4 : 50);
    return new GenerationDefaults(
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
  public GenerationDefaults defaults(ImageRequest request) {
    if (model.sizeIds() == 0) {
      return defaults();
    }
    boolean held = !request.controls().isEmpty();
    boolean inpaints = showsMask() || request.drawsOver() && request.initial().masked();
    GenerationDefaults own = defaults().guidance(guidance(inpaints && !held ? 7.5 : 5));
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
  public RgbImage sizedBy(ImageRequest request) {
    return request.controls().isEmpty()
        ? OpenModel.super.sizedBy(request)
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
    Tensor small = LatentPreparation.corners(mask, model.autoencoder().factor());
    return torch.cat(
        new TensorVector(small.expand(kept.size(0), 1, kept.size(2), kept.size(3)), kept), 1);
  }

  @Override
  public ControlInput hint(
      List<ControlImage> controls, int rows, Function<ControlImage, Tensor> seen) {
    ControlImage first = controls.get(0);
    ControlNetModel net = first.net().beside(model.unetConfig());
    if (!first.net().isUnion()) {
      return new ControlInput(
          controls, rows, net, null, List.of(net.hint(seen.apply(first))), null);
    }
    controls.forEach(control -> control.net().requireTold(control.mode()));
    boolean alone = controls.size() == 1;
    List<Tensor> hints = controls.stream()
        .map(control -> net.hint(seen.apply(control), control.mode(), alone ? 1 : control.scale()))
        .toList();
    return new ControlInput(
        controls,
        rows,
        net,
        null,
        hints,
        net.kinds(controls.stream().map(ControlImage::mode).toList()));
  }

  @Override
  public Conditioning texts(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    return new PromptConditioning(model, request, adaptation)
        .texts(
            guided(request),
            OpenModel.showsPictures(
                model, ModelComponent.UNET, adaptation.apply(ModelComponent.UNET)),
            schedule);
  }

  @Override
  public Stream<TruncatedPrompt> cuts(String prompt, List<TextualInversion> words) {
    return model.towers().stream().map(tower -> tower.cut(prompt, words));
  }

  @Override
  public Predictor network(ConditionedBatch sitting, PreparedLatents canvas) {
    ImageRequest request = sitting.request();
    int rows = sitting.rows();
    OpenModel.refuseTrueCfg(request);
    Adaptation unet =
        sitting.adaptation(ModelComponent.UNET).and(Adaptation.MergedTokens.of(request.caching()));
    List<UNet2DConditionModel> views = OpenModel.views(unet, rows, model::unet);
    List<UNet2DConditionModel> worse = weakened(unet, request.guidanceOptions().weakening(), rows);
    GuidedPredictor guided = new GuidedPredictor(
        request.guidanceOptions(),
        guided(request) ? request.guidance() : 1,
        rows,
        OpenModel.showsPictures(model, ModelComponent.UNET, unet));
    return new UNetPredictor(model, sitting, views, worse, guided, canvas).network();
  }

  private List<UNet2DConditionModel> weakened(
      Adaptation unet, DegradedGuidance weakening, int rows) {
    if (weakening != null && weakening.kind() == DegradedGuidance.Kind.SKIPPED_BLOCKS) {
      throw new IllegalArgumentException(
          "skip-layer guidance is for Stable Diffusion 3; a UNet has perturbed attention");
    }
    return weakening == null
        ? null
        : OpenModel.views(
            unet.and(OpenModel.perturbed(model, ModelComponent.UNET, weakening)),
            rows,
            model::unet);
  }
}
