package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.training.Named;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Shows rendered people whom nothing has seen to an IP-Adapter by one photo and by three, and says
 * how often headshots in five styles are recognised among 200, beside what else the same images
 * show of what was asked and how varied they are; as the control the same prompts are drawn without
 * the person. On request each is learnt from ten selfies too, and drawn by that alone and with the
 * adapter shown these beside it. Each person is kept once measured, so that it goes on where it was
 * stopped; at the end stand all of them.
 *
 * <p>Arguments: {@code MODEL-FOLDER OUT-FOLDER PEOPLE [NAME=VALUE]...}: {@code first=0} of the
 * people, {@code each=1} images in a style, {@code guided=1} or 0 for faces that nothing holds to
 * the person's, {@code people=FOLDER} for each to be learnt and kept in, where
 * {@link EvaluateLikeness} may have worked before, {@code adapter=FOLDER} of another model's
 * layout, {@code leads=FILE} for a YuNet that finds faces in the photos and while they are held, as
 * {@code headshot --detector FILE} has it, in place of OpenCV's cascades, and the outside judges
 * {@code detector=FILE attributes=FILE}.
 */
public final class EvaluateAdapter {
  // No embedder: the model's own tells people apart.
  private static final List<String> NAMES =
      List.of("first", "each", "guided", "people", "adapter", "leads", "detector", "attributes");

  private final IdentityTrial trial;
  private final PersonAdapter adapter;
  private final IdentityStrength dial;
  private final EvaluationTools tools;
  private final int each;
  private final Optional<KeptPeople> people;

  private EvaluateAdapter(
      BaseModel base,
      IdentityTrial trial,
      PersonAdapter adapter,
      IdentityStrength dial,
      EvaluationTools tools,
      Named named) {
    this.trial = trial;
    this.adapter = adapter;
    this.dial = dial;
    this.tools = tools;
    this.each = named.number("each", 1);
    this.people = named.file("people").map(kept -> new KeptPeople(kept, base));
  }

  public static void main(String[] args) {
    Usage.require(args, 3, "EvaluateAdapter MODEL-FOLDER OUT-FOLDER PEOPLE [NAME=VALUE]...");
    Path model = Path.of(args[0]);
    Named named = Named.of(List.of(args).subList(3, args.length), NAMES);
    Path folder = named.file("adapter").orElse(model);
    long first = IdentityTrial.FIRST + named.number("first", 0);
    try (BaseModel base = BaseModel.open(model, Compute.best());
        PersonAdapter adapter = PersonAdapter.openIn(folder, base);
        TorchEmbedder embedder = TorchEmbedder.findIn(model).orElseThrow();
        FaceDetector detector = named
            .file("leads")
            .<FaceDetector>map(YuNetDetector::open)
            .orElseGet(CascadeDetector::new);
        EvaluationTools tools = EvaluationTools.of(named);
        FaceGuidance guidance = named.number("guided", 1) == 1
            ? FaceGuidance.findIn(folder, base, detector).orElse(null)
            : null) {
      IdentityTrial trial =
          IdentityTrial.on(base, guidance, detector, tools.detector().orElse(detector), embedder);
      Ledger ledger = Ledger.open(Path.of(args[1]).resolve("adapter.json"));
      ledger.begin(
          "of",
          tools.judging(Map.of(
              "model",
              MeasuredModel.told(model),
              "adapter",
              MeasuredModel.made(Extra.IP_ADAPTER.at(folder)),
              "numbers",
              "each " + named.number("each", 1)
                  + (named.file("people").isPresent() ? ", learnt too" : ""),
              "held by",
              guidance == null
                  ? "nothing"
                  : guidance.embedder().name() + ", where " + detector.name() + " finds them")));
      EvaluateAdapter evaluation = new EvaluateAdapter(
          base,
          trial,
          adapter,
          IdentityStrength.forAdapter(Extra.IP_ADAPTER.at(folder)),
          tools,
          named);
      for (long number = first; number < first + Integer.parseInt(args[2]); number++) {
        Person person = Person.random(number);
        ledger.part("person " + number, () -> evaluation.of(person));
        System.out.print(EvaluationTable.of(
            Map.of("person " + number, (Map<?, ?>) ledger.parts().get("person " + number))));
      }
      System.out.print(
          EvaluationTable.of(Map.of("over everybody", EvaluateHeadshots.summary(ledger.parts()))));
    }
  }

  private Map<String, Object> of(Person person) {
    Gallery gallery = trial.gallery(person);
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("likeness, own photos", gallery.spread());
    IpAdapterPerson one = trial.shown(person, adapter, dial, 1);
    IpAdapterPerson three = trial.shown(person, adapter, dial, 3);
    Map<String, Object> nobody =
        IdentityFigures.row(trial.shoot(gallery, one, 0, each), tools.reader());
    put(found, nobody, "nobody");
    put(found, row(gallery, one, nobody), "by one photo");
    put(found, row(gallery, three, nobody), "by three photos");
    if (people.isPresent()) {
      try (LoraPerson learnt =
          people.get().of(person, LikenessCase.TEN, () -> trial.learnt(person))) {
        put(found, row(gallery, learnt, nobody), "learnt");
        put(
            found,
            row(gallery, trial.shown(person, adapter, dial).withLoraPerson(learnt), nobody),
            "learnt and by the same photos");
      }
    }
    return found;
  }

  private Map<String, Object> row(Gallery gallery, Identity person, Map<String, Object> nobody) {
    return IdentityFigures.beside(
        IdentityFigures.row(trial.shoot(gallery, person, 1, each), tools.reader()), nobody);
  }

  private static void put(Map<String, Object> found, Map<String, Object> row, String way) {
    row.forEach((name, value) -> found.put(name + ", " + way, value));
  }
}
