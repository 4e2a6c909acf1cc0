package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.zimage.ZImageNetworks;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.GenerationDefaults;
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

/** FLUX.2 klein: a language model's tokens, and a picture to edit beside the noise. */
public record Flux2Model(ZImageNetworks<Flux2Config, Flux2Transformer2DModel> model)
    implements OpenModel {
  private static final int TOKENS = 64;
  private static final float TRAINING_STEPS = 1000;
  private static final double MOST_SHOWN = 1024 * 1024;

  @Override
  public GenerationDefaults defaults() {
    int pixels = TOKENS * unit();
    return new GenerationDefaults(50, 4, pixels, pixels, 1, 0.8);
  }

  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    return request.drawsOver() && request.initial().masked() ? defaults().guidance(8) : defaults();
  }

  @Override
  public int unit() {
    return model.autoencoder().factor();
  }

  @Override
  public boolean seesWindows() {
    return false;
  }

  @Override
  public boolean guided(ImageRequest request) {
    return request.guidance() > 1 && !model.distilled();
  }

  @Override
  public boolean isOfBlocks() {
    return true;
  }

  @Override
  public boolean edits() {
    return true;
  }

  @Override
  public boolean shadesMasks() {
    return true;
  }

  /** Not larger than a million pixels, its edges cut away to whole tokens. */
  @Override
  public RgbImage seen(RgbImage picture, boolean ownSize) {
    double scale = Math.sqrt(MOST_SHOWN / ((double) picture.width() * picture.height()));
    RgbImage small = scale >= 1 || ownSize
        ? picture
        : Lanczos.resize(
            picture, (int) (picture.width() * scale), (int) (picture.height() * scale));
    int width = small.width() / unit() * unit();
    int height = small.height() / unit() * unit();
    if (width == 0 || height == 0) {
      throw new IllegalArgumentException("a picture of " + picture.width() + "x" + picture.height()
          + " is too small to be edited; give one of at least " + unit() + " pixels a side");
    }
    return small.crop((small.width() - width) / 2, (small.height() - height) / 2, width, height);
  }

  @Override
  public PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler) {
    return OpenModel.evenly(
        moved(plain, FlowPlan.empirical(tokens(request), plain.steps())), scheduler);
  }

  @Override
  public Conditioning texts(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    return Conditioning.lasting(
        model.text(
            Conditioning.prompts(request, guided(request), false),
            adaptation.apply(ModelComponent.TEXT_ENCODER)),
        schedule.rows());
  }

  @Override
  public Stream<TruncatedPrompt> cuts(String prompt, List<TextualInversion> words) {
    return Stream.of(model.cut(prompt));
  }

  @Override
  public Predictor network(ConditionedBatch sitting, PreparedLatents canvas) {
    ImageRequest request = sitting.request();
    int rows = sitting.rows();
    OpenModel.refuseTrueCfg(request);
    OpenModel.refuseWeakening(request, "FLUX.2");
    Adaptation own = sitting.adaptation(ModelComponent.TRANSFORMER);
    List<Flux2Transformer2DModel> views = OpenModel.views(own, rows, model::transformer);
    TextEncoding text = sitting.constant(guided(request));
    RotaryEmbedding rotation = Flux2Transformer2DModel.Flux2Positions.rotation(
        model.config(),
        text.tokens().size(1),
        request.height() / unit(),
        request.width() / unit(),
        canvas.reference(),
        device());
    return new GuidedPredictor(
            request.guidanceOptions(),
            guided(request) ? request.guidance() : 1,
            rows,
            OpenModel.showsPictures(model, ModelComponent.TRANSFORMER, own))
        .of(GuidedPredictor.byRows(
            sitting,
            text.tokens().size(0),
            (weak, first, count) ->
                asked(sitting, canvas, views, text.narrow(first, count).tokens(), rotation)));
  }

  private Predictor asked(
      ConditionedBatch sitting,
      PreparedLatents canvas,
      List<Flux2Transformer2DModel> views,
      Tensor text,
      RotaryEmbedding rotation) {
    FirstBlockCache cache = FirstBlockCache.of(sitting.request().caching());
    Tensor shown = canvas.reference() == null ? null : packed(canvas.reference());
    return new Predictor.RecordedNetwork(
        canvas.runner(),
        step -> cache == null ? List.of(views.get(step.index()), text) : null,
        (input, step, row) -> {
          Tensor own = packed(input);
          Tensor tokens = shown == null
              ? own
              : torch.cat(new TensorVector(own, shown.expand(own.size(0), -1, -1)), 1);
          Tensor time = row.tensor(s -> (float) s.timestep() / TRAINING_STEPS, input);
          Tensor answer = views
              .get(step.index())
              .forward(tokens, sitting.perImage(time, input.size(0)), text, rotation, cache);
          return answer
              .narrow(1, 0, own.size(1))
              .to(ScalarType.Float)
              .transpose(1, 2)
              .reshape(input.size(0), -1, input.size(2), input.size(3));
        });
  }

  private Tensor packed(Tensor latents) {
    return model.compute().place(latents).flatten(2, 3).transpose(1, 2);
  }

  private Device device() {
    return new Device(model.compute().device());
  }
}
