package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.provenance.Disclosure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code likeness edit}: changes clothes, background, light or expression of a headshot. */
@Command(
    name = "edit",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Changes parts of a headshot; the person stays the same.")
public final class EditCommand implements Runnable, WritesFiles {
  private static final String EDITED = "edited.png";
  private static final String COMPARISON = "before-after.png";

  /** The record keys for an image without a record. */
  private static final Set<String> MEASURED_KEYS = Set.of("file", "width", "height", "scores");

  private final Console console;

  @PathUse(Use.READ)
  @Parameters(
      paramLabel = "IMAGE",
      description = "a headshot; its settings are read from record.json or edit.json beside it")
  private Path image;

  @PathUse(Use.READ)
  @Option(
      names = "--person",
      required = true,
      paramLabel = "FILE",
      description = "the person: " + IdentityOptions.PERSON_FILES)
  private Path person;

  @Mixin
  private ConsentOptions consent;

  @Mixin
  private EditOptions edit;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--identity-strength",
      paramLabel = "0..1",
      defaultValue = "NaN",
      description = "how strongly the person acts on the image: 0 not at all, 1 as trained "
          + "(default: as for the headshot)")
  private double identityStrength;

  @Mixin
  private BaseOptions base;

  @Mixin
  private BaseOptions.MemoryOptions memory;

  @Mixin
  private IdentityOptions identity;

  @Mixin
  private IdentityNetOptions control;

  @Mixin
  private FaceOptions.DetectorOption detector;

  @Mixin
  private FaceGuidanceOption faceGuidance;

  @Mixin
  private VaultOptions store;

  @Mixin
  private DisclosureOptions disclosure;

  @PathUse(Use.WRITTEN)
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "output folder for edited.png, before-after.png and edit.json")
  private Path out;

  @Mixin
  private OverwriteOption overwrite;

  /** Creates the subcommand with the console that it prints to. */
  public EditCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    return Stream.concat(
            Stream.of(Output.folder("--out", out)),
            Stream.of(EDITED, COMPARISON, HeadshotEdit.Result.FILE)
                .map(name -> Output.file("--out", out.resolve(name), overwrite.isGiven())))
        .toList();
  }

  @Override
  public void run() {
    HeadshotEdit wanted = edit.edit();
    consent.requireMissing(store, identity.files(person));
    identity.require(base.folder(), base.name(), control, base.policy());
    identity.requireUsedInEdit(control, base.folder(), console);
    if (!store.isGiven()) {
      identity.requireReadable(person);
    }
    Disclosure marking = disclosure.disclosure(store.signing()).edited(true);
    ShootFolder.requireWritable(out, marking);
    Optional<Headshot> recorded = Headshot.findRecorded(image);
    try (ReviewTools tools = detector.open();
        FaceGuidanceOption.GivenNetworks given =
            faceGuidance.openNetworks(base.folder(), tools.detector(), base.policy());
        FaceEmbedder own = ReviewTools.embedderIn(base.folder()).orElse(null);
        ControlNet net = identity.openControlNet(control, base).orElse(null);
        BaseModel model =
            memory.open(base, OptionalInt.empty(), Optional.ofNullable(net), console);
        FaceGuidance held = faceGuidance.open(given, base.folder(), model, tools.detector());
        IdentityOptions.LoadedAdapter eye =
            identity.open(base.folder(), model, base.policy(), net).orElse(null);
        LoraPerson opened =
            identity.method().trains() ? store.person(person, model, console) : null) {
      LoraPerson trained =
          opened == null ? null : consent.of(opened).map(opened::withConsent).orElse(opened);
      Optional.ofNullable(trained)
          .flatMap(one -> one.baseMismatch(model))
          .map(Quoted::line)
          .ifPresent(console.err()::println);
      HeadshotPerson known = known(model, trained, eye);
      Identity who = known.who();
      HeadshotStudio studio =
          FaceGuidanceOption.on(HeadshotStudio.on(model).detector(tools.detector()), held);
      faceGuidance.requireUsed(studio.usesFaceGuidance(who));
      HeadshotEdit.Result edited = studio.edit(
          who,
          headshot(recorded, who),
          wanted,
          new Run(ConsoleProgress.on(console), console.cancellation()));
      RgbImage delivered = marking.markPixels(edited.after().image(), true);
      Disclosure comparing = marking
          .source(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
          .forContactSheets();
      List<Path> written = new ArrayList<>();
      written.add(write(EDITED, whole -> marking.writePng(edited.after().image(), whole)));
      written.add(write(COMPARISON, whole -> comparing.writePng(edited.comparison(), whole)));
      HeadshotScores plain = HeadshotScores.of(tools.detector()).limits(ScoreLimits.of(model));
      PersonRecord kept = known.kept();
      HeadshotScores scores = FaceOptions.likeness(
              FaceOptions.withEmbedderOf(tools, own, kept), kept)
          .map(measure -> plain.likeness(measure, who))
          .orElse(plain);
      String after = written.get(0).getFileName().toString();
      byte[] record = record(edited, after, delivered, recorded.isPresent(), scores)
          .getBytes(StandardCharsets.UTF_8);
      written.add(write(
          HeadshotEdit.Result.FILE,
          whole -> AtomicFile.writePrivate(whole, file -> file.write(record))));
      written.forEach(console.out()::println);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    console.out().flush();
  }

  private HeadshotPerson known(
      BaseModel model, LoraPerson trained, IdentityOptions.LoadedAdapter eye) {
    if (identity.method().showsImages()) {
      return HeadshotPerson.of(
          model,
          identity.openReferenceImagesPerson(person, store, model, consent, console),
          trained,
          null);
    }
    return eye == null
        ? HeadshotPerson.of(model, trained, null)
        : HeadshotPerson.of(
            model,
            controlled(identity.openIpAdapterPerson(person, store, eye, consent, console), eye),
            eye.adapter(),
            trained,
            null);
  }

  /** Adds the ControlNet of a method that acts through it alone; the headshot has the pose. */
  private IpAdapterPerson controlled(IpAdapterPerson who, IdentityOptions.LoadedAdapter eye) {
    return eye.controlNet()
        .map(net -> who.withControl(
            control.control(net, eye.adapter().kind(), IdentityNetOptions.black(1, 1))))
        .orElse(who);
  }

  /** Writes a file of this name into the output folder and returns it. */
  private Path write(String name, Consumer<Path> writer) {
    Path file = out.resolve(name);
    Path written = ResultFile.write(file, overwrite.isGiven(), writer);
    ResultFile.printOther(written, file, console);
    return written;
  }

  private Headshot headshot(Optional<Headshot> recorded, Identity who) {
    Headshot read = recorded.orElseGet(() -> Headshot.read(image, who.phrase()));
    return Double.isNaN(identityStrength)
        ? read
        : new Headshot(
            read.image(),
            read.style(),
            read.seed(),
            read.request(),
            identityStrength,
            read.isEdited());
  }

  /**
   * Returns the record, with the scores of the pixels of both files.
   *
   * @param name the name of the edited file
   */
  private String record(
      HeadshotEdit.Result edited,
      String name,
      RgbImage delivered,
      boolean recorded,
      HeadshotScores scores)
      throws IOException {
    Map<String, Object> record = new LinkedHashMap<>();
    Map<String, Object> before = edited.before().toMap(image.getFileName().toString());
    before.put("scores", scores.score(edited.before().image()).asList());
    if (!recorded) {
      before.keySet().retainAll(MEASURED_KEYS);
    }
    record.put("before", before);
    Map<String, Object> after = edited.after().toMap(name);
    after.put("scores", scores.score(delivered).asList());
    record.put("after", after);
    record.put("changed_share", edited.changedShare());
    return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(record) + "\n";
  }
}
