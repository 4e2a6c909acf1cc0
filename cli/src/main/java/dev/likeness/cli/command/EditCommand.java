package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.provenance.Disclosure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
public final class EditCommand implements Runnable {
  private static final String EDITED = "edited.png";
  private static final String COMPARISON = "before-after.png";

  /** The record keys for an image without a record. */
  private static final Set<String> MEASURED_KEYS = Set.of("file", "width", "height", "scores");

  private final Console console;

  @Parameters(
      paramLabel = "IMAGE",
      description = "a headshot; its settings are read from record.json or edit.json beside it")
  private Path image;

  @Option(
      names = "--person",
      required = true,
      paramLabel = "FILE",
      description = "the person: person.safetensors, or reference.safetensors for --identity "
          + "ipadapter, or references.safetensors for --identity references. --identity both and "
          + "lora+references need person.safetensors with the other file beside it. With --store: "
          + "the person's id")
  private Path person;

  @Mixin
  private ConsentOptions consent;

  @Mixin
  private EditOptions edit;

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
  private IdentityOptions identity;

  @Mixin
  private FaceOptions.DetectorOption detector;

  @Mixin
  private FaceGuidanceOption faceGuidance;

  @Mixin
  private VaultOptions store;

  @Mixin
  private DisclosureOptions disclosure;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "output folder for edited.png, before-after.png and edit.json")
  private Path out;

  /** Creates the subcommand with the console that it prints to. */
  public EditCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    HeadshotEdit wanted = edit.edit();
    requireOtherFile();
    identity.requireNoStore(store);
    consent.requireMissing(store, identity.files(person));
    identity.require(base.folder(), base.name());
    Disclosure marking = disclosure.disclosure(store.signing()).edited(true);
    ShootFolder.requireWritable(out, marking);
    Optional<Headshot> recorded = Headshot.findRecorded(image);
    try (ReviewTools tools = detector.open();
        BaseModel model = base.open();
        FaceEmbedder own = ReviewTools.embedderIn(base.folder()).orElse(null);
        FaceGuidance held =
            faceGuidance.open(base.folder(), model, tools.detector(), UsePolicy.NON_COMMERCIAL);
        IdentityOptions.LoadedAdapter eye =
            identity.open(base.folder(), model, UsePolicy.NON_COMMERCIAL).orElse(null);
        TrainedPerson opened =
            identity.method().trains() ? store.person(person, model, console) : null) {
      TrainedPerson trained =
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
          ConsoleProgress.on(console),
          console.cancellation());
      RgbImage delivered = marking.markPixels(edited.after().image(), true);
      marking.writePng(edited.after().image(), out.resolve(EDITED));
      marking
          .source(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
          .forContactSheets()
          .writePng(edited.comparison(), out.resolve(COMPARISON));
      HeadshotScores plain = HeadshotScores.of(tools.detector()).limits(ScoreLimits.of(model));
      PersonRecord kept = known.kept();
      HeadshotScores scores = FaceOptions.likeness(
              FaceOptions.withEmbedderOf(tools, own, kept), kept)
          .map(measure -> plain.likeness(measure, who))
          .orElse(plain);
      byte[] record =
          record(edited, delivered, recorded.isPresent(), scores).getBytes(StandardCharsets.UTF_8);
      AtomicFile.writePrivate(out.resolve(HeadshotEdit.Result.FILE), file -> file.write(record));
      List.of(EDITED, COMPARISON, HeadshotEdit.Result.FILE)
          .forEach(name -> console.out().println(out.resolve(name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    console.out().flush();
  }

  private HeadshotPerson known(
      BaseModel model, TrainedPerson trained, IdentityOptions.LoadedAdapter eye) {
    if (identity.method().showsImages()) {
      return HeadshotPerson.of(
          model, identity.openImages(person, store, model, consent, console), trained, null);
    }
    return eye == null
        ? HeadshotPerson.of(model, trained, null)
        : HeadshotPerson.of(model, identity.openReference(person, eye, consent), trained, null);
  }

  private void requireOtherFile() {
    Path after = out.resolve(EDITED);
    try {
      if (Files.exists(after) && Files.exists(image) && Files.isSameFile(after, image)) {
        throw new IllegalArgumentException(
            image + " would be overwritten by the result; choose another --out");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /** Returns the record, with the scores of the pixels of both files. */
  private String record(
      HeadshotEdit.Result edited, RgbImage delivered, boolean recorded, HeadshotScores scores)
      throws IOException {
    Map<String, Object> record = new LinkedHashMap<>();
    Map<String, Object> before = edited.before().toMap(image.getFileName().toString());
    before.put("scores", scores.score(edited.before().image()).asList());
    if (!recorded) {
      before.keySet().retainAll(MEASURED_KEYS);
    }
    record.put("before", before);
    Map<String, Object> after = edited.after().toMap(EDITED);
    after.put("scores", scores.score(delivered).asList());
    record.put("after", after);
    record.put("changed_share", edited.changedShare());
    return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(record) + "\n";
  }
}
