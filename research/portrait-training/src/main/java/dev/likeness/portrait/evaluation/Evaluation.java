package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.people.Census;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.training.RandomPrompt;
import dev.likeness.portrait.training.TrainingPictures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Measures a model that {@code TrainPortrait} made: whether images show what prompts ask for,
 * faces, diversity, distance to held-out renders, copying, and identity. Each part is kept as soon
 * as it is measured and each image as soon as it is drawn, so that an evaluation goes on where it
 * was stopped.
 */
public final class Evaluation {
  /** The file of figures in an evaluation's folder. */
  public static final String RESULTS = "evaluation.json";

  private static final String PROMPTS = "prompts";
  private static final String PAIRS = "pairs of headshots";
  private static final int CENSUS = 6000;

  private final Path model;
  private final EvaluationPlan plan;
  private final EvaluationTools tools;
  private final Ledger ledger;
  private final BaseModel base;
  private final Drawings drawings;
  private final List<RandomPrompt> prompts;

  private Evaluation(
      Path model,
      BaseModel base,
      EvaluationPlan plan,
      EvaluationTools tools,
      Path folder,
      Drawings drawings) {
    this.model = model;
    this.base = base;
    this.plan = plan;
    this.tools = tools;
    this.drawings = drawings;
    this.ledger = Ledger.open(folder.resolve(RESULTS));
    this.prompts = RandomPrompt.draw(plan.seed(), plan.prompts());
  }

  /**
   * The figures of the model in {@code model} by part, as they stand in {@link #RESULTS} of
   * {@code folder} afterwards.
   *
   * @param folder receives figures and images; one that holds those of another model or plan is
   *     refused
   * @throws dev.likeness.diffusion.error.CancelledException between two images
   */
  public static Map<String, Object> of(
      Path model, EvaluationPlan plan, EvaluationTools tools, Path folder, Run run) {
    return run.progress().reportOutcome(() -> {
      try (BaseModel base = BaseModel.open(model, Compute.best())) {
        Drawings drawings = new Drawings(base, plan, folder, run);
        return new Evaluation(model, base, plan, tools, folder, drawings).measured();
      }
    });
  }

  private Map<String, Object> measured() {
    ledger.begin(
        "of",
        Map.of(
            "model",
            MeasuredModel.told(model),
            "numbers",
            plan.toString(),
            "edition of renders",
            Renderer.EDITION));
    List<RgbImage> drawn =
        drawings.of(PROMPTS, prompts.stream().map(RandomPrompt::text).toList());
    tools
        .reader()
        .ifPresentOrElse(
            reader -> {
              ledger.part(
                  "prompt following",
                  tools.readBy(),
                  () -> PromptFollowing.measure(prompts, drawn, reader));
              ledger.part(
                  "diversity",
                  tools.readBy(),
                  () -> Diversity.measure(drawings, plan.alike(), reader));
              Path adapter = Extra.IMAGE_IP_ADAPTER.at(model);
              if (Files.exists(adapter)) {
                ledger.part(
                    "images as prompts",
                    tools.readBy() + " of " + MeasuredModel.made(adapter),
                    () -> new PictureFollowing(base, model, drawings, reader).measure(prompts));
              }
            },
            () -> ledger.skip(
                "prompt following", "no weights of the attribute classifier were given"));
    tools
        .detector()
        .ifPresentOrElse(
            detector -> ledger.part("faces", detector.name(), () -> faces(drawn, detector)),
            () -> ledger.skip("faces", "no outside detector was given"));
    tools
        .embedder()
        .ifPresentOrElse(
            embedder -> ledger.part(
                "distance to held-out renders",
                tools.judgingFaces(Map.of()).toString(),
                () -> distance(drawn, embedder)),
            () -> ledger.skip("distance to held-out renders", "no outside embedder was given"));
    ledger.part("people rendered", () -> Census.of(0, CENSUS).shares());
    ledger.part("autoencoder", () -> AutoencoderLoss.measure(base, prompts));
    copies(drawn);
    identity();
    return ledger.parts();
  }

  private Map<String, Object> faces(List<RgbImage> drawn, FaceDetector detector) {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("drawn", Faces.count(drawn, detector));
    found.put("renders of the same", Faces.count(renders(plan.seed()), detector));
    return found;
  }

  private Map<String, Object> distance(List<RgbImage> drawn, FaceEmbedder embedder) {
    try (FaceDetector cascades = new CascadeDetector()) {
      FaceDetector detector = tools.detector().orElse(cascades);
      return Distances.toHeld(
          Faces.vectors(drawn, detector, embedder),
          Faces.vectors(renders(plan.seed() + 1), detector, embedder),
          Faces.vectors(renders(plan.seed() + 2), detector, embedder));
    }
  }

  private List<RgbImage> renders(long seed) {
    return RandomPrompt.draw(seed, plan.prompts()).stream()
        .map(RandomPrompt::render)
        .toList();
  }

  private void copies(List<RgbImage> drawn) {
    TrainingPictures training = TrainingPictures.of(model);
    if (training.count() == 0) {
      ledger.skip(
          "nearest training image", "the weights do not tell which images they learnt from");
    } else {
      ledger.part(
          "nearest training image",
          () -> NearestPicture.measure(drawn, renders(plan.seed() + 1), training, plan.training()));
    }
  }

  private void identity() {
    if (plan.people() == 0 || TorchEmbedder.findIn(model).isEmpty()) {
      ledger.skip(
          "identity",
          plan.people() == 0 ? "nobody was to be learnt" : "the model brings no face embedder");
      return;
    }
    try (TorchEmbedder own = TorchEmbedder.findIn(model).orElseThrow();
        FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance = FaceGuidance.findIn(model, base, detector).orElse(null);
        PersonAdapter adapter =
            Files.exists(Extra.IP_ADAPTER.at(model)) ? PersonAdapter.openIn(model, base) : null) {
      IdentityTrial trial =
          IdentityTrial.on(base, guidance, detector, tools.detector().orElse(detector), own);
      IdentityStrength dial = IdentityStrength.forAdapter(Extra.IP_ADAPTER.at(model));
      Map<String, Object> held =
          Map.of("held by", guidance == null ? "nothing" : guidance.embedder().name());
      new IdentityFigures(
              trial,
              Optional.ofNullable(adapter).map(shows -> person -> trial.shown(person, shows, dial)),
              tools.reader())
          .measure(plan.people(), tools.judging(held).toString(), ledger, drawings);
      tools
          .embedder()
          .filter(embedder -> plan.people() > 1)
          .ifPresentOrElse(
              embedder -> ledger.part(
                  PAIRS,
                  tools.judgingFaces(held).toString(),
                  () -> separation(tools.detector().orElse(detector), embedder)),
              () -> ledger.skip(
                  PAIRS,
                  plan.people() > 1
                      ? "no outside embedder was given"
                      : "they want two people or more"));
    }
  }

  private Map<String, Object> separation(FaceDetector detector, FaceEmbedder embedder) {
    Map<String, Object> row = IdentityFigures.separation(headshots("", detector, embedder));
    // What words and clothes alone tell apart: the same prompts without anybody.
    Optional.ofNullable(
            IdentityFigures.separation(headshots(IdentityFigures.WITHOUT, detector, embedder))
                .get("AUC"))
        .ifPresent(auc -> row.put("AUC without", auc));
    return row;
  }

  private List<List<float[]>> headshots(String kind, FaceDetector detector, FaceEmbedder embedder) {
    return LongStream.range(IdentityTrial.FIRST, IdentityTrial.FIRST + plan.people())
        .mapToObj(
            number -> Faces.vectors(drawings.kept("person " + number + kind), detector, embedder))
        .toList();
  }
}
