package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.family.Canvas;
import dev.likeness.diffusion.internal.family.Denoiser;
import dev.likeness.diffusion.internal.family.NoisePredictor;
import dev.likeness.diffusion.internal.family.ResolutionShift;
import dev.likeness.diffusion.internal.family.Texts;
import dev.likeness.diffusion.internal.pipeline.Sitting;
import dev.likeness.diffusion.internal.sampling.Guided;
import dev.likeness.diffusion.internal.text.Cut;
import dev.likeness.diffusion.internal.text.PromptEncoder;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.Defaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.request.Weakening;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Stable Diffusion 3 and 3.5: two CLIP towers and T5, whose place is zeros where the model came
 * without it.
 */
public record Sd3Denoiser(StableDiffusion3 model) implements Denoiser {
  private static final double MAX_SHIFT = 1.16;

  @Override
  public Defaults defaults() {
    int pixels = model.config().sampleSize() * model.autoencoder().factor();
    return new Defaults(28, 7, pixels, pixels, 0.6, 0.6);
  }

  @Override
  public Defaults defaults(ImageRequest request) {
    return request.drawsOver() ? defaults().steps(50) : defaults();
  }

  @Override
  public int unit() {
    return model.config().patch() * model.autoencoder().factor();
  }

  @Override
  public double scaled(Picture picture) {
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
    return Denoiser.begun(moved(plain, ResolutionShift.mu(scheduler, tokens(request), MAX_SHIFT)));
  }

  @Override
  public Texts texts(
      ImageRequest request, Function<Part, Adaptation> adaptation, PromptSchedule schedule) {
    List<String> prompts = Texts.prompts(request, guided(request), true);
    return Texts.lasting(
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
                StableDiffusion3.T5_TOKENS,
                t5.encoder(adaptation.apply(Part.TEXT_ENCODER_3)))),
        schedule.rows());
  }

  /**
   * What a CLIP tower says of the prompts; the negative one is heard with the layers that are
   * skipped for the other.
   */
  private static TextEncoding heard(
      PromptEncoder encoder, List<String> prompts, int leftOut, int skip) {
    TextEncoding all = encoder.encode(prompts, leftOut + skip);
    if (skip == 0 || prompts.size() == 1) {
      return all;
    }
    Tensor negative = encoder.encode(prompts.subList(0, 1), leftOut).tokens();
    return new TextEncoding(
        torch.cat(new TensorVector(negative, all.tokens().narrow(0, 1, 1)), 0), all.pooled());
  }

  @Override
  public Stream<Cut> cuts(String prompt, List<TextualInversion> words) {
    return Stream.concat(
        model.towers().stream().map(tower -> tower.cut(prompt, words)),
        Stream.ofNullable(model.t5()).map(t5 -> t5.cut(prompt, StableDiffusion3.T5_TOKENS)));
  }

  @Override
  public NoisePredictor network(Sitting sitting, Canvas canvas, int rows) {
    ImageRequest request = sitting.request();
    Denoiser.refuseTrueCfg(request);
    Weakening weakening = request.guidanceOptions().weakening();
    Adaptation own = sitting.adaptation(Part.TRANSFORMER);
    List<Sd3Transformer2DModel> views = Denoiser.views(own, rows, model::transformer);
    boolean perturbed = weakening != null && weakening.kind() == Weakening.Kind.PERTURBED_ATTENTION;
    List<Sd3Transformer2DModel> worse = perturbed
        ? Denoiser.views(
            own.and(Denoiser.perturbed(model, Part.TRANSFORMER, weakening)),
            rows,
            model::transformer)
        : views;
    Set<Integer> skipped = weakening == null || perturbed ? Set.of() : skipped(weakening);
    TextEncoding text = sitting.told(guided(request));
    return new Guided(
            request.guidanceOptions(),
            request.guidance(),
            rows,
            Denoiser.showsPictures(model, Part.TRANSFORMER, own))
        .of(Guided.byRows(
            sitting,
            text.tokens().size(0),
            new Sd3Network(model, sitting, views, worse, skipped, text, canvas)));
  }

  private Set<Integer> skipped(Weakening weakening) {
    Set<Integer> blocks =
        weakening.layers().stream().map(Integer::valueOf).collect(Collectors.toSet());
    if (blocks.stream().anyMatch(block -> block < 0 || block >= model.config().layers())) {
      throw new IllegalArgumentException(
          "skip-layer guidance leaves out blocks " + weakening.layers() + ", but the model has "
              + model.config().layers() + ", counted from 0");
    }
    return blocks;
  }
}
