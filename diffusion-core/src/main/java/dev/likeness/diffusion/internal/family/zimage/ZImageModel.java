package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Z-Image: a language model's tokens, and guidance that is none at 0. */
public record ZImageModel(ZImageNetworks<ZImageConfig, ZImageTransformer2DModel> model)
    implements OpenModel {
  private static final int PIXELS = 1024;
  private static final double MAX_SHIFT = 1.15;
  private static final double TRAINING_STEPS = 1000;

  @Override
  public GenerationDefaults defaults() {
    return new GenerationDefaults(50, 5, PIXELS, PIXELS, 0.6, 1);
  }

  @Override
  public int unit() {
    return ZImageConfig.PATCH * model.autoencoder().factor();
  }

  @Override
  public boolean seesWindows() {
    return false;
  }

  @Override
  public boolean guided(ImageRequest request) {
    return request.guidance() > 0;
  }

  @Override
  public PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler) {
    return OpenModel.evenly(
        moved(plain, FlowPlan.mu(scheduler, tokens(request), MAX_SHIFT)), scheduler);
  }

  @Override
  public RgbImage sizedBy(ImageRequest request) {
    return request.initial() == null ? null : request.initial().picture();
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
    OpenModel.refuseWeakening(request, "Z-Image");
    Adaptation own = sitting.adaptation(ModelComponent.TRANSFORMER);
    if (OpenModel.showsPictures(model, ModelComponent.TRANSFORMER, own)) {
      throw new IllegalArgumentException(
          "Z-Image's network has no place for image prompts; draw without, or with another base");
    }
    List<ZImageTransformer2DModel> views = OpenModel.views(own, rows, model::transformer);
    TextEncoding text = sitting.constant(guided(request));
    // The reference adds the guidance to an answer that counts once already.
    return new GuidedPredictor(request.guidanceOptions(), request.guidance() + 1, rows, false)
        .of(GuidedPredictor.byRows(
            sitting,
            text.tokens().size(0),
            (weak, first, count) -> asked(sitting, canvas, views, text.narrow(first, count))));
  }

  private Predictor asked(
      ConditionedBatch sitting,
      PreparedLatents canvas,
      List<ZImageTransformer2DModel> views,
      TextEncoding text) {
    ImageRequest request = sitting.request();
    float[] counts = ImageTensors.floats(text.pooled().to(ScalarType.Float));
    long[] whole = new long[counts.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (long) counts[i];
    }
    Device device = new Device(model.compute().device());
    ZImageSequence sequence = ZImageSequence.of(
        model.config(), request.height() / unit(), request.width() / unit(), whole, device);
    Map<ZImageTransformer2DModel, CachedTensor> words = new HashMap<>();
    views.forEach(view -> words.computeIfAbsent(view, each -> new CachedTensor()));
    return new Predictor.RecordedNetwork(
        canvas.runner(), step -> List.of(views.get(step.index()), text), (input, step, row) -> {
          ZImageTransformer2DModel view = views.get(step.index());
          CachedTensor told = words.get(view);
          if (told.tensor() == null) {
            told.replace(view.words(text.tokens(), sequence));
          }
          Tensor time = row.tensor(s -> (TRAINING_STEPS - s.timestep()) / TRAINING_STEPS, input);
          return view.forward(
                  model.compute().place(input),
                  sitting.perImage(time, input.size(0)),
                  told.tensor(),
                  sequence)
              .to(ScalarType.Float)
              .neg();
        });
  }
}
