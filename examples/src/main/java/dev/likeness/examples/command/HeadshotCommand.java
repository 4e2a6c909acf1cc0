package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.examples.console.Console;
import dev.likeness.examples.console.ConsoleProgress;
import dev.likeness.headshots.Enlarger;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.PersonProfile;
import dev.likeness.headshots.ShootRecord;
import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.ShownPerson;
import dev.likeness.headshots.Style;
import dev.likeness.headshots.Trait;
import dev.likeness.headshots.provenance.PictureFormat;
import dev.likeness.headshots.trust.SubjectStore;
import dev.likeness.headshots.trust.SubjectStudio;
import dev.likeness.ipadapter.face.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.opencv.SuperResolution;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness headshot}: photos in, headshots out. */
@Command(name = "headshot", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Learns a person from photos, or opens one learnt before, and draws headshots.")
public final class HeadshotCommand implements Runnable {
  private final Console console;

  @Mixin
  private PhotoOptions photos;

  @Option(names = "--person", paramLabel = "FILE", description = "a person learnt before, instead of --photos; "
      + "with --store, their id")
  private Path person;

  @Option(names = "--style", paramLabel = "NAME",
      description = "studio, office, outdoor, black-and-white, corporate, linkedin and others (a wrong name lists all); "
      + "may be given several times (default: the first four)")
  private List<String> styles = List.of();

  @Option(names = "--styles", paramLabel = "FILE", description = "styles of your own, as JSON; drawn instead, or chosen "
      + "from with --style")
  private Path styleFile;

  @Option(names = "--count", paramLabel = "N", defaultValue = "1",
      description = "headshots in each style (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(names = "--steps", paramLabel = "N", defaultValue = "" + ShootRequest.STEPS,
      description = "sampling steps (default: ${DEFAULT-VALUE})")
  private int steps;

  @Option(names = "--guidance", paramLabel = "G", defaultValue = "NaN",
      description = "how strictly to follow the style (default: two thirds of what the base itself takes, at most 4)")
  private double guidance;

  @Option(names = "--likeness", paramLabel = "0..1", defaultValue = "1",
      description = "how strongly the person is drawn (default: ${DEFAULT-VALUE})")
  private double likeness;

  @Option(names = "--size", paramLabel = "PX", description = "width and height (default: the base's)")
  private int size;

  @Option(names = "--upscaler", paramLabel = "FILE", description = "an ONNX file of Real-ESRGAN's kind, by which pictures "
      + "larger than the base draws are enlarged before it draws over them")
  private Path upscaler;

  @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "of the first headshot (default: 0)")
  private long seed;

  @Mixin
  private BaseOptions base;

  @Mixin
  private IdentityOptions identity;

  @Mixin
  private RankOption rank;

  @Option(names = "--train-steps", paramLabel = "N", description = "optimiser steps (default: the studio's)")
  private Integer trainSteps;

  @Mixin
  private AspectOption aspect;

  @Option(names = "--also", paramLabel = "FORMAT", split = ",", description = "writes each headshot as jpeg or webp too, "
      + "beside its PNG file")
  private List<String> formats = List.of();

  @Mixin
  private KeepOption keep;

  @Mixin
  private FaceFiles faces;

  @Mixin
  private FaceGuidanceOption holding;

  @Mixin
  private StoreOption store;

  @Mixin
  private DisclosureOptions disclosure;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives headshot-001.png and so on, "
      + "contact-sheet.png, report.html, record.json, and without --store person.safetensors when a person was learnt")
  private Path out;

  /** A subcommand that speaks to {@code console}. */
  public HeadshotCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (photos.given() == (person != null)) {
      throw new IllegalArgumentException("give either --photos DIR or --person FILE (try likeness headshot --help)");
    }
    boolean showsWithoutPhotos = person != null || store.given();
    if (showsWithoutPhotos && identity.way().shows()) {
      throw new IllegalArgumentException("--identity ipadapter and both look at photos; give --photos DIR, no --person FILE and no --store");
    }
    identity.require(base.folder(), base.name());
    ShootRequest request = request();
    disclosure.disclosure();
    also();
    aspect.check();
    try (ReviewTools tools = faces.open();
        SuperResolution network = upscaler == null ? null : SuperResolution.open(upscaler)) {
      run(request, tools, network == null ? Enlarger.CUBIC : network::enlarge);
    }
  }

  private void run(ShootRequest request, ReviewTools tools, Enlarger enlarger) {
    Stopwatch watch = new Stopwatch();
    PhotoReview review = person == null && !store.given() ? photos.review(tools) : null;
    if (review != null) {
      ReviewText.lines(review).forEach(console.err()::println);
      console.err().flush();
      watch.lap("photos");
    }
    try (BaseModel model = base.open(); FaceGuidance held = holding.open(base.folder(), tools.detector())) {
      watch.lap("open");
      HeadshotStudio plain = studio(model).guidance(held).enlarger(enlarger);
      HeadshotStudio studio = tools.embedder().map(plain::embedder).orElse(plain);
      Progress progress = ConsoleProgress.on(console);
      if (store.given() && person == null) {
        person = learntInStore(studio, model, tools);
        watch.lap("learning");
      }
      if (identity.way().learns()) {
        try (TrainedPerson who = review == null ? store.person(person, model) : learn(studio, review, progress)) {
          watch.lap(review == null ? "person" : "learning");
          if (review != null) {
            savePlain(who);
          }
          who.foreignTo(model).ifPresent(console.err()::println);
          draw(studio, model, corrected(studio, who), review, request, tools, watch);
        }
      } else {
        draw(studio, model, null, review, request, tools, watch);
      }
    }
  }

  /** Draws somebody who was learnt, is shown by their photos, or both. */
  private void draw(HeadshotStudio studio, BaseModel model, TrainedPerson learnt, PhotoReview review,
      ShootRequest request, ReviewTools tools, Stopwatch watch) {
    Progress progress = ConsoleProgress.on(console);
    ShootFolder folder = new ShootFolder(out, also(), disclosure.disclosure(), tools, console);
    if (!identity.way().shows()) {
      KeepOption.Drawn drawn = keep.draw(studio, learnt, review, request, tools, progress, console.cancellation());
      watch.lap("drawing");
      folder.write(model, drawn.map(shot -> aspect.of(shot, tools.detector())),
          ShootRecord.of(model, learnt, drawn.shoot()).faceGuidance(studio.holds(learnt)), learnt, review, watch);
      return;
    }
    try (IdentityOptions.Eye eye = identity.open(base.folder(), model, faces.policy())) {
      ShownPerson shown = studio.show(review, eye.adapter(), photos.consent(), photos.known(), progress,
          console.cancellation()).along(eye.dial());
      watch.lap("showing");
      ShownPerson who = learnt == null ? shown : shown.with(learnt);
      KeepOption.Drawn drawn = keep.draw(studio, who, review, request, tools, progress, console.cancellation());
      watch.lap("drawing");
      folder.write(model, drawn.map(shot -> aspect.of(shot, tools.detector())),
          ShootRecord.of(model, who, drawn.shoot()).faceGuidance(studio.holds(who)), learnt, review, watch);
    }
  }

  private TrainedPerson learn(HeadshotStudio studio, PhotoReview review, Progress progress) {
    return studio.learn(review, photos.consent(), photos.known(), null, progress, console.cancellation());
  }

  /** A person from a file, as the user describes them now; one learnt just now is described so already. */
  private TrainedPerson corrected(HeadshotStudio studio, TrainedPerson who) {
    PersonProfile known = photos.known();
    if (person == null || known.traits().isEmpty()) {
      return who;
    }
    PersonProfile profile = PersonProfile.of(who);
    for (Trait trait : known.traits()) {
      profile = profile.corrected(trait.slot(), trait.value());
    }
    return studio.corrected(who, profile);
  }

  private Path learntInStore(HeadshotStudio studio, BaseModel model, ReviewTools tools) {
    photos.consent();
    try (SubjectStore opened = store.open()) {
      String id = StoreIntake.learn(opened, photos, SubjectStudio.on(model, studio).tools(tools), console);
      console.err().println("kept in the store as " + id + "; headshot --person draws them again, people erase "
          + "erases them");
      return Path.of(id);
    }
  }

  private void savePlain(TrainedPerson who) {
    Path file = out.resolve(ShootFolder.PERSON);
    who.save(file);
    console.err().println(file + " is the person, not encrypted: keep it as you keep the photos; --store DIR encrypts");
  }

  private HeadshotStudio studio(BaseModel model) {
    HeadshotStudio studio = rank.of(HeadshotStudio.on(model));
    return trainSteps == null ? studio : studio.training(studio.training().steps(trainSteps));
  }

  private ShootRequest request() {
    return ShootRequest.of(chosen(), count).likeness(likeness).steps(steps).guidance(guidance).size(size)
        .seed(seed);
  }

  private List<PictureFormat> also() {
    return formats.stream().map(PictureFormat::named).distinct().filter(format -> format != PictureFormat.PNG).toList();
  }

  private List<Style> chosen() {
    if (styleFile == null) {
      return styles.isEmpty() ? Style.usual() : styles.stream().map(Style::named).toList();
    }
    List<Style> own = Style.read(styleFile);
    return styles.isEmpty() ? own : styles.stream()
        .map(name -> own.stream().filter(s -> s.name().equalsIgnoreCase(name)).findFirst().orElseGet(() -> Style.named(name)))
        .toList();
  }
}
