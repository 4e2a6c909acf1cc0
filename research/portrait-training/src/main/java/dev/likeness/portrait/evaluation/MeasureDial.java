package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IdentityStrength.Measurement;
import dev.likeness.headshots.person.IdentityStrength.Setting;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures the curve of the likeness dial: draws rendered people whom nothing has seen, shown by an
 * adapter at many settings, and takes how like their held-out photos the images are and how many of
 * the asked words are read back. The curve goes no further in likeness than where the dial ends
 * without one. Writes {@code shown.csv} and {@code both.csv} as it goes, from which a stopped run
 * goes on, and at the end {@code identity-strength.json}, to be put beside the adapter, and a plot
 * of each curve.
 *
 * <p>Arguments: {@code MODEL-FOLDER ATTRIBUTES-FILE OUT-FOLDER PEOPLE [LORA-STEPS [SKIP]]}. The
 * folder holds an adapter, as {@link PersonAdapter#openIn} has it, and may hold what
 * {@link FaceGuidance#findIn} wants; with {@code LORA-STEPS} each person is learnt too, and the
 * settings beside their LoRA are measured; {@code SKIP} people are left to another run.
 */
public final class MeasureDial {
  private static final long FIRST = 9_300_000_000L;
  private static final int HELD_OUT = 4;
  private static final double FLOOR = 0.85;
  private static final List<String> STYLES = List.of("studio", "office", "outdoor");
  private static final double[] LORAS = {0.4, 1};
  private static final double[] FACES = {0, 0.5, 1};
  /** Weights of the adapter, and from which share of the steps on. */
  private static final double[][] SHOWN = {{0.4, 0}, {0.8, 0}, {0.8, 0.2}, {1.2, 0}};

  private static final double[][] BESIDE = {{0.2, 0}, {0.4, 0}, {0.8, 0}};

  private final HeadshotStudio studio;
  private final Gallery gallery;
  private final AttributeReader reader;

  private MeasureDial(HeadshotStudio studio, Gallery gallery, AttributeReader reader) {
    this.studio = studio;
    this.gallery = gallery;
    this.reader = reader;
  }

  public static void main(String[] args) {
    Usage.require(
        args,
        4,
        6,
        "MeasureDial MODEL-FOLDER ATTRIBUTES-FILE OUT-FOLDER PEOPLE [LORA-STEPS [SKIP]]");
    Path folder = Path.of(args[0]);
    Path out = Path.of(args[2]);
    int steps = args.length > 4 ? Integer.parseInt(args[4]) : 0;
    DialTally shown = DialTally.open(out.resolve("shown.csv"));
    DialTally both = DialTally.open(out.resolve("both.csv"));
    try (BaseModel base = BaseModel.open(folder, Compute.best());
        TorchEmbedder embedder = TorchEmbedder.findIn(folder).orElseThrow();
        AttributeReader reader = AttributeReader.open(Path.of(args[1]));
        PersonAdapter adapter = PersonAdapter.openIn(folder, base);
        FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance = FaceGuidance.findIn(folder, base, detector).orElse(null)) {
      Ledger.open(out.resolve("of.json"))
          .begin(
              "of",
              Map.of(
                  "model",
                  MeasuredModel.told(folder),
                  "steps",
                  Integer.toString(steps),
                  "attributes",
                  reader.made(),
                  "held by",
                  guidance == null ? "nothing" : guidance.embedder().name()));
      HeadshotStudio plain = HeadshotStudio.on(base);
      HeadshotStudio studio = guidance == null ? plain : plain.faceGuidance(guidance);
      double[] faces = guidance == null ? new double[1] : FACES;
      long first = FIRST + (args.length > 5 ? Integer.parseInt(args[5]) : 0);
      for (long seed = first; seed < first + Integer.parseInt(args[3]); seed++) {
        Person person = Person.random(seed);
        PhotoReview review = PhotoReview.of(PhotoSet.of(IdentityTrial.selfies(person)));
        IpAdapterPerson who = studio
            .trainer()
            .ipAdapterPerson(
                TrainingRequest.of(review, Consent.synthetic()), adapter, Run.silent());
        MeasureDial one =
            new MeasureDial(studio, new Gallery(person, 1, HELD_OUT, detector, embedder), reader);
        one.measure(shown, who, seed, settings(SHOWN, new double[1], faces));
        if (steps > 0) {
          try (LoraPerson learnt = new KeptPeople(out, base)
              .of(
                  person,
                  LikenessCase.TEN,
                  () -> studio
                      .training(usual -> usual.steps(steps))
                      .train(review, Consent.synthetic()))) {
            one.measure(both, who.withLoraPerson(learnt), seed, settings(BESIDE, LORAS, faces));
          }
        }
      }
      IdentityStrength usual =
          guidance == null ? IdentityStrength.DEFAULT : IdentityStrength.DEFAULT_WITH_GUIDANCE;
      List<Measurement> beside =
          steps > 0 ? curve(out, "both", both.settings(), usual.at(1, true)) : usual.withLora();
      new IdentityStrength(curve(out, "shown", shown.settings(), usual.at(1, false)), beside)
          .save(out.resolve("identity-strength.json"));
    }
  }

  /**
   * Nothing, and every weight of the adapter beside every one of the LoRA, faces held so strongly.
   */
  private static List<Setting> settings(double[][] weights, double[] loras, double... faces) {
    List<Setting> settings = new ArrayList<>(List.of(Setting.OFF));
    for (double lora : loras) {
      for (double[] weight : weights) {
        for (double face : faces) {
          settings.add(new Setting(weight[0], weight[1], 1, lora, face));
        }
      }
    }
    return settings;
  }

  private void measure(DialTally tally, IpAdapterPerson who, long seed, List<Setting> settings) {
    for (Setting setting : settings) {
      for (String style : STYLES) {
        if (!tally.has(setting, seed, style)) {
          tally.add(line(who, setting, seed, style));
        }
      }
    }
  }

  private DialTally.Line line(IpAdapterPerson who, Setting setting, long seed, String style) {
    boolean nothing = setting.equals(Setting.OFF);
    List<Measurement> straight =
        IdentityStrength.linear(nothing ? new Setting(1, 0, 1, 1, 1) : setting);
    Headshot headshot = studio
        .shoot(
            who.withStrength(new IdentityStrength(straight, straight)),
            ShootRequest.of(Style.named(style), 1)
                .identityStrength(nothing ? 0 : 1)
                .seed(seed))
        .headshots()
        .get(0);
    Map<Attribute, Set<String>> asked = Asked.of(headshot.request().prompt());
    Map<Attribute, String> read = reader.of(headshot.image());
    int found = (int) asked.entrySet().stream()
        .filter(a -> a.getValue().contains(read.get(a.getKey())))
        .count();
    double likeness = gallery.vector(headshot.image()).map(gallery::likeness).orElse(0.0);
    return new DialTally.Line(setting, seed, style, likeness, asked.size(), found);
  }

  private static List<Measurement> curve(
      Path out, String name, List<Measurement> measured, Setting end) {
    List<Measurement> curve = IdentityStrength.curve(measured, FLOOR, end);
    DialPlot.draw(name, measured, curve).writePng(out.resolve(name + ".png"));
    return curve;
  }
}
