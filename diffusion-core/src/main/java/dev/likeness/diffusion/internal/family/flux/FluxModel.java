package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * FLUX.1: CLIP's pooled text and T5's tokens; the request's guidance goes into the network where it
 * was distilled.
 */
public record FluxModel(FluxNetworks model) implements OpenModel {
  private static final int TEXT_TOKENS = 512;
  private static final double MAX_SHIFT = 1.15;

  @Override
  public GenerationDefaults defaults() {
    int pixels = 128 * model.autoencoder().factor();
    return showsMask()
        ? new GenerationDefaults(50, 30, pixels, pixels, 0.6, 1)
        : new GenerationDefaults(28, 3.5, pixels, pixels, edits() ? 1 : 0.6, edits() ? 1 : 0.6);
  }

  /**
   * Where the network has guidance of its own, diffusers gives it twice as much over a picture and
   * beside a ControlNet.
   */
  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    boolean alone = !request.drawsOver() && request.controls().isEmpty();
    return alone || showsMask() || edits() ? defaults() : defaults().guidance(7);
  }

  @Override
  public int unit() {
    return 2 * model.autoencoder().factor();
  }

  @Override
  public boolean seesWindows() {
    return false;
  }

  @Override
  public boolean guided(ImageRequest request) {
    return request.guidanceOptions().trueCfg() > 1;
  }

  @Override
  public PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler) {
    return OpenModel.evenly(
        moved(plain, FlowPlan.mu(scheduler, tokens(request), MAX_SHIFT)), scheduler);
  }

  @Override
  public boolean isOfBlocks() {
    return true;
  }

  @Override
  public boolean showsMask() {
    return model.fills();
  }

  @Override
  public boolean edits() {
    return model.edits();
  }

  @Override
  public double scaled(RgbImage picture) {
    return edits() || showsMask() ? 1 : defaults().scaled(picture);
  }

  @Override
  public RgbImage seen(RgbImage picture, boolean ownSize) {
    KontextSize size =
        ownSize ? new KontextSize(picture.width(), picture.height()) : KontextSize.nearest(picture);
    return Lanczos.resize(picture, size.width() / unit() * unit(), size.height() / unit() * unit());
  }

  @Override
  public boolean alwaysEncodes() {
    return true;
  }

  @Override
  public Tensor shown(Tensor mask, Tensor kept) {
    long f = model.autoencoder().factor();
    Tensor pixels = mask.view(1, kept.size(2), f, kept.size(3), f)
        .permute(0, 2, 4, 1, 3)
        .reshape(1, f * f, kept.size(2), kept.size(3))
        .expand(kept.size(0), -1, -1, -1);
    return torch.cat(new TensorVector(kept, pixels), 1);
  }

  @Override
  public ControlInput hint(
      List<ControlImage> controls, int rows, Function<ControlImage, Tensor> seen) {
    ControlImage control = controls.get(0);
    FluxControlNetModel net = control.net().beside(model.config());
    if (control.mask() != null) {
      throw new IllegalArgumentException("ControlNet " + control.net().name()
          + " is of FLUX, whose pictures have no mask; give" + " the control without one");
    }
    control.net().requireTold(control.mode());
    return new ControlInput(
        controls, rows, null, net, List.of(net.hint(seen.apply(control))), null);
  }

  @Override
  public Conditioning texts(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    List<String> prompts = Conditioning.prompts(request, guided(request), false);
    return Conditioning.lasting(
        new TextEncoding(
            model
                .t5()
                .encode(
                    prompts,
                    TEXT_TOKENS,
                    model.t5().encoder(adaptation.apply(ModelComponent.TEXT_ENCODER_2))),
            model
                .clip()
                .prompts(adaptation.apply(ModelComponent.TEXT_ENCODER))
                .with(request.prompting().words())
                .encode(prompts, 0)
                .pooled()),
        schedule.rows());
  }

  @Override
  public Stream<TruncatedPrompt> cuts(String prompt, List<TextualInversion> words) {
    return Stream.of(model.clip().cut(prompt, words), model.t5().cut(prompt, TEXT_TOKENS));
  }

  @Override
  public Predictor network(ConditionedBatch sitting, PreparedLatents canvas) {
    ImageRequest request = sitting.request();
    int rows = sitting.rows();
    GuidanceOptions options = request.guidanceOptions();
    OpenModel.refuseWeakening(request, "FLUX");
    if (canvas.reference() != null && !canvas.hints().isEmpty()) {
      throw new IllegalArgumentException(
          "ControlNets and a picture to edit do not go together; give one of them");
    }
    if (request.approximation().kind() == CachingOptions.Kind.FIRST_BLOCK
        && !canvas.hints().isEmpty()) {
      throw new IllegalArgumentException(
          "ControlNets add to the blocks that the first-block cache leaves out; approximate by"
              + " extrapolation, or draw without one");
    }
    Adaptation own = sitting.adaptation(ModelComponent.TRANSFORMER);
    List<FluxTransformer2DModel> views = OpenModel.views(own, rows, model::transformer);
    FluxTransformer2DModel.Inputs text = text(sitting);
    RotaryEmbedding rotation = rotation(request, text.text().size(1), canvas.reference());
    return new GuidedPredictor(
            options,
            options.trueCfg(),
            rows,
            OpenModel.showsPictures(model, ModelComponent.TRANSFORMER, own))
        .of(GuidedPredictor.byRows(
            sitting,
            text.text().size(0),
            new FluxPredictor(model, sitting, views, text, rotation, canvas)));
  }

  private FluxTransformer2DModel.Inputs text(ConditionedBatch sitting) {
    TextEncoding told = sitting.constant(guided(sitting.request()));
    Tensor guidance = torch
        .tensor(new float[] {(float) sitting.request().guidance()})
        .to(device(), ScalarType.Float);
    return new FluxTransformer2DModel.Inputs(told.tokens(), told.pooled(), guidance);
  }

  private RotaryEmbedding rotation(ImageRequest request, long textTokens, Tensor reference) {
    int factor = model.autoencoder().factor();
    Tensor picture =
        LatentPacking.positions(request.height() / factor, request.width() / factor, 0);
    Tensor all = torch.cat(new TensorVector(torch.zeros(textTokens, 3), picture), 0);
    if (reference != null) {
      all = torch.cat(
          new TensorVector(all, LatentPacking.positions(reference.size(2), reference.size(3), 1)),
          0);
    }
    return RotaryEmbedding.of(all.to(device(), ScalarType.Float), model.config().axes());
  }

  private Device device() {
    return new Device(model.compute().device());
  }

  /**
   * The sizes of pictures that FLUX.1 Kontext was trained to edit, about a million pixels each.
   *
   * @param width in pixels
   * @param height in pixels
   */
  record KontextSize(int width, int height) {
    private static final int CELL = 16;

    // diffusers' PREFERRED_KONTEXT_RESOLUTIONS; the narrow ones first, since of two as near it
    // takes
    // the first.
    private static final int[][] SIZES = {
      {672, 1568},
      {688, 1504},
      {720, 1456},
      {752, 1392},
      {800, 1328},
      {832, 1248},
      {880, 1184},
      {944, 1104},
      {1024, 1024},
      {1104, 944},
      {1184, 880},
      {1248, 832},
      {1328, 800},
      {1392, 752},
      {1456, 720},
      {1504, 688},
      {1568, 672}
    };

    /**
     * The one whose sides are nearest in ratio to the picture's, which count in whole tokens, as in
     * diffusers.
     */
    static KontextSize nearest(RgbImage picture) {
      double ratio = (double) cells(picture.width()) / cells(picture.height());
      int[] best = SIZES[0];
      for (int[] size : SIZES) {
        if (Math.abs(ratio - (double) size[0] / size[1])
            < Math.abs(ratio - (double) best[0] / best[1])) {
          best = size;
        }
      }
      return new KontextSize(best[0], best[1]);
    }

    private static int cells(int side) {
      return Math.max(1, side / CELL);
    }
  }
}
