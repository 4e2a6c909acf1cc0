package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Stable Diffusion 3 and 3.5: two CLIP towers and T5, whose place is zeros where the model came
 * without it.
 */
public record Sd3Model(Sd3Networks model) implements OpenModel {
  private static final double MAX_SHIFT = 1.16;

  @Override
  public GenerationDefaults defaults() {
    int pixels = model.config().sampleSize() * model.autoencoder().factor();
    return new GenerationDefaults(28, 7, pixels, pixels, 0.6, 0.6);
  }

  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    return request.drawsOver() ? defaults().steps(50) : defaults();
  }

  @Override
  public int unit() {
    return model.config().patch() * model.autoencoder().factor();
  }

  @Override
  public double scaled(RgbImage picture) {
    return defaults().scaled(picture);
  }

  @Override
  public boolean guided(ImageRequest request) {
    return request.guidance() > 1;
  }

  @Override
  public boolean isOfBlocks() {
    return true;
  }

  @Override
  public PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler) {
    return OpenModel.begun(moved(plain, FlowPlan.mu(scheduler, tokens(request), MAX_SHIFT)));
  }

  @Override
  public Conditioning texts(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    List<String> prompts = Conditioning.prompts(request, guided(request), true);
    return Conditioning.lasting(
        model.encode(
            prompts,
            tower -> heard(
                tower
                    .prompts(adaptation.apply(tower.part()))
                    .with(request.prompting().words()),
                prompts,
                tower.layersLeftOut(),
                request.prompting().clipSkip()),
            t5 -> t5.encode(
                prompts,
                Sd3Networks.T5_TOKENS,
                t5.encoder(adaptation.apply(ModelComponent.TEXT_ENCODER_3)))),
        schedule.rows());
  }

  /**
   * What a CLIP tower says of the prompts; the negative one is heard with the layers that are
   * skipped for the other.
   */
  private static TextEncoding heard(
      ClipPromptEncoder encoder, List<String> prompts, int leftOut, int skip) {
    TextEncoding all = encoder.encode(prompts, leftOut + skip);
    if (skip == 0 || prompts.size() == 1) {
      return all;
    }
    Tensor negative = encoder.encode(prompts.subList(0, 1), leftOut).tokens();
    return new TextEncoding(
        torch.cat(new TensorVector(negative, all.tokens().narrow(0, 1, 1)), 0), all.pooled());
  }

  @Override
  public Stream<TruncatedPrompt> cuts(String prompt, List<TextualInversion> words) {
    return Stream.concat(
        model.towers().stream().map(tower -> tower.cut(prompt, words)),
        Stream.ofNullable(model.t5()).map(t5 -> t5.cut(prompt, Sd3Networks.T5_TOKENS)));
  }

  @Override
  public Predictor network(ConditionedBatch sitting, PreparedLatents canvas) {
    ImageRequest request = sitting.request();
    int rows = sitting.rows();
    OpenModel.refuseTrueCfg(request);
    DegradedGuidance weakening = request.guidanceOptions().weakening();
    Adaptation own = sitting.adaptation(ModelComponent.TRANSFORMER);
    List<Sd3Transformer2DModel> views = OpenModel.views(own, rows, model::transformer);
    boolean perturbed =
        weakening != null && weakening.kind() == DegradedGuidance.Kind.PERTURBED_ATTENTION;
    List<Sd3Transformer2DModel> worse = perturbed
        ? OpenModel.views(
            own.and(OpenModel.perturbed(model, ModelComponent.TRANSFORMER, weakening)),
            rows,
            model::transformer)
        : views;
    Set<Integer> skipped = weakening == null || perturbed ? Set.of() : skipped(weakening);
    TextEncoding text = sitting.constant(guided(request));
    return new GuidedPredictor(
            request.guidanceOptions(),
            request.guidance(),
            rows,
            OpenModel.showsPictures(model, ModelComponent.TRANSFORMER, own))
        .of(GuidedPredictor.byRows(
            sitting,
            text.tokens().size(0),
            new Sd3Network(model, sitting, views, worse, skipped, text, canvas)));
  }

  private Set<Integer> skipped(DegradedGuidance weakening) {
    Set<Integer> blocks =
        weakening.layers().stream().map(Integer::valueOf).collect(Collectors.toSet());
    if (blocks.stream().anyMatch(block -> block < 0 || block >= model.config().layers())) {
      throw new IllegalArgumentException(
          "skip-layer guidance leaves out blocks " + weakening.layers() + ", but the model has "
              + model.config().layers() + ", counted from 0");
    }
    return blocks;
  }

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
      ConditionedBatch sitting,
      List<Sd3Transformer2DModel> views,
      List<Sd3Transformer2DModel> weakened,
      Set<Integer> skipped,
      TextEncoding text,
      PreparedLatents canvas)
      implements GuidedPredictor.Rows {
    @Override
    public Predictor asked(boolean weak, long first, long rows) {
      TextEncoding told = text.narrow(first, rows);
      FirstBlockCache cache = FirstBlockCache.of(sitting.request().caching());
      List<Sd3Transformer2DModel> nets = weak ? weakened : views;
      Set<Integer> left = weak ? skipped : Set.of();
      return new Predictor.RecordedNetwork(
          canvas.runner(),
          step -> cache == null ? List.of(nets.get(step.index()), told, left) : null,
          (input, step, row) -> nets.get(step.index())
              .forward(
                  model.compute().place(input),
                  sitting.perImage(row.tensor(Step::timestep, input), rows),
                  told.tokens(),
                  told.pooled(),
                  left,
                  cache)
              .to(ScalarType.Float));
    }
  }
}
