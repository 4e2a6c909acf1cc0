package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.opencv.SuperResolution;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness headshot}: photos in, headshots out. */
@Command(
    name = "headshot",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Learns a person from photos, or opens one learnt before, and draws headshots.")
public final class HeadshotCommand implements Runnable {
  private final Console console;

  @Mixin
  private PhotoOptions photos;

  @Option(
      names = "--person",
      paramLabel = "FILE",
      description = "a person learnt or shown before, instead of --photos: "
          + "person.safetensors, with --identity ipadapter shown.safetensors, with both the first with the second beside it; with --store, "
          + "their id")
  private Path person;

  @Mixin
  private ShootOptions generate;

  @Option(
      names = "--upscaler",
      paramLabel = "FILE",
      description = "an ONNX file of Real-ESRGAN's kind, by which images "
          + "larger than the base draws are enlarged before it draws over them")
  private Path upscaler;

  @Mixin
  private BaseOptions base;

  @Mixin
  private IdentityOptions identity;

  @Mixin
  private TrainCommand.RankOption rank;

  @Option(
      names = "--train-steps",
      paramLabel = "N",
      description = "optimiser steps (default: the studio's)")
  private Integer trainSteps;

  @Mixin
  private ShootOptions.AspectOption aspect;

  @Option(
      names = "--also",
      paramLabel = "FORMAT",
      split = ",",
      description = "writes each headshot as jpeg or webp too, " + "beside its PNG file")
  private List<String> formats = List.of();

  @Mixin
  private SelectionOptions selection;

  @Mixin
  private FaceOptions faces;

  @Mixin
  private FaceOptions.FaceGuidanceOption faceGuidance;

  @Mixin
  private VaultOptions store;

  @Mixin
  private DisclosureOptions disclosure;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "receives headshot-001.png and so on, "
          + "contact-sheet.png, report.html, record.json, and without --store person.safetensors when a person was learnt and "
          + "shown.safetensors when one was shown")
  private Path out;

  /** A subcommand that speaks to {@code console}. */
  public HeadshotCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (photos.isGiven() == (person != null)) {
      throw new IllegalArgumentException(
          "give either --photos DIR or --person FILE (try likeness headshot --help)");
    }
    identity.requireNoStore(store);
    requireUsed();
    identity.require(base.folder(), base.name());
    ShootRequest request = generate.request();
    selection.validate(request);
    photos.profile();
    disclosure.disclosure(store.signing());
    extraFormats();
    aspect.validate();
    photos.requireSeparateFolder(out);
    ShootFolder.requireWritable(out, disclosure.disclosure(store.signing()));
    try (ReviewTools tools = faces.open();
        SuperResolution network = upscaler == null ? null : SuperResolution.open(upscaler)) {
      run(request, tools, network == null ? Upscaler.CUBIC : network::upscale);
    }
  }

  /** Refuses options that would do nothing. */
  private void requireUsed() {
    if ((trainSteps != null || rank.isGiven())
        && (person != null || !identity.method().trains())) {
      throw new IllegalArgumentException(
          "--train-steps and --rank are for training from --photos; leave them out");
    }
    if (person != null) {
      photos.missingConsent().requireMissing(store, identity.files(person));
    }
    if (person != null && faces.hasQualityModel()) {
      throw new IllegalArgumentException(
          "--quality is for --photos: nothing else is judged by it; leave it out");
    }
    if (person != null
        && !identity.method().trains()
        && !photos.profile().traits().isEmpty()) {
      throw new IllegalArgumentException(
          "--trait changes what a learnt person's file says; show the photos again with --photos and --trait");
    }
  }

  /**
   * One run of this command.
   *
   * @param review null for a person from a file or store
   * @param faceEmbedder the embedder that the base brings, or null
   */
  private record ShootContext(
      HeadshotStudio studio,
      BaseModel model,
      PhotoReview review,
      ShootRequest request,
      ReviewTools tools,
      FaceEmbedder faceEmbedder,
      ShootFolder.Timings timings) {}

  private void run(ShootRequest request, ReviewTools tools, Upscaler enlarger) {
    ShootFolder.Timings watch = new ShootFolder.Timings();
    PersonSource source = new PersonSource(photos, person, store, out, console);
    PhotoReview review = source.isReviewed() ? photos.review(tools) : null;
    if (review != null) {
      photos.warn(base, console);
      PhotoOptions.ReviewText.lines(review).forEach(console.err()::println);
      console.err().flush();
      requireSamePerson(review);
      watch.lap("photos");
    }
    try (BaseModel model = base.open();
        FaceEmbedder own = ReviewTools.embedderIn(base.folder()).orElse(null);
        FaceGuidance held = faceGuidance.open(base.folder(), model, tools.detector())) {
      watch.lap("open");
      HeadshotStudio plain = studio(model).faceGuidance(held).upscaler(enlarger);
      plain.validate(request);
      if (upscaler != null && !plain.needsUpscaling(request)) {
        throw new IllegalArgumentException(
            "--upscaler is for a --size that the base does not draw at once, more than 1.5 times its own "
                + model.defaults().width() + "; leave it out");
      }
      aspect
          .findShortage(
              request.styles(),
              request.size() == 0 ? model.defaults().width() : request.size(),
              model.sizeMultiple())
          .ifPresent(console.err()::println);
      HeadshotStudio studio = tools
          .embedder()
          .or(() -> Optional.ofNullable(own))
          .map(plain::embedder)
          .orElse(plain);
      try (IdentityOptions.LoadedAdapter eye =
              identity.open(base.folder(), model, faces.policy()).orElse(null);
          TrainedPerson learnt = identity.method().trains()
              ? source.open(studio, model, review, tools, watch)
              : null) {
        generate(new ShootContext(studio, model, review, request, tools, own, watch), learnt, eye);
      }
    }
  }

  private void requireSamePerson(PhotoReview review) {
    Path file = out.resolve(ShootFolder.REFERENCE);
    if (identity.method().usesReferences()
        && Files.exists(file)
        && !ReferencePerson.matches(review, file)) {
      throw new InvalidInputException(file
          + " is of other photos, or their faces were found by another detector, and is not replaced; give another --out, or"
          + " move it away");
    }
  }

  /**
   * Generates headshots of a trained person, of reference photos through {@code eye}, or of both.
   */
  private void generate(ShootContext run, TrainedPerson learnt, IdentityOptions.LoadedAdapter eye) {
    if (eye == null) {
      generate(run, learnt, PersonRecord.of(learnt), shoot -> ShootRecord.of(run.model, learnt, shoot));
      return;
    }
    ReferencePerson shown = run.review == null
        ? identity.openReference(person, eye, photos.missingConsent())
        : openReference(run, eye).withStrength(eye.strength());
    run.timings.lap("showing");
    if (learnt != null) {
      shown.findMismatch(learnt).ifPresent(console.err()::println);
    }
    ReferencePerson who = learnt == null ? shown : shown.withTrainedPerson(learnt);
    generate(
        run,
        who,
        learnt == null ? shown.record() : PersonRecord.of(learnt),
        shoot -> ShootRecord.of(run.model, who, shoot));
  }

  /** Shown by their photos, and kept. */
  private ReferencePerson openReference(ShootContext run, IdentityOptions.LoadedAdapter eye) {
    ReferencePerson shown = run.studio.trainer().reference(
        run.review,
        eye.adapter(),
        photos.consent(),
        photos.profile(),
        ConsoleProgress.on(console),
        console.cancellation());
    shown.save(out.resolve(ShootFolder.REFERENCE));
    console
        .err()
        .println(out.resolve(ShootFolder.REFERENCE)
            + " is the person as the adapter sees them, not encrypted: keep it as you keep "
            + "the photos");
    return shown;
  }

  private void generate(
      ShootContext run,
      Identity who,
      PersonRecord kept,
      Function<Shoot, ShootRecord> record) {
    ReviewTools tools = FaceOptions.withEmbedderOf(run.tools, run.faceEmbedder, kept);
    ShootFolder folder = new ShootFolder(
        out, extraFormats(), disclosure.disclosure(store.signing()), tools, console);
    SelectionOptions.GeneratedShoot drawn = folder
        .generateOrRescue(
            run.studio,
            studio -> selection.generate(
                studio,
                ScoreLimits.of(run.model),
                who,
                kept,
                run.review,
                run.request,
                tools,
                ConsoleProgress.on(console),
                console.cancellation()),
            finished -> record
                .apply(new Shoot(run.request, finished))
                .faceGuidance(run.studio.usesFaceGuidance(who)))
        .map(shot -> aspect.crop(shot, tools.detector(), console.err()::println));
    run.timings.lap("drawing");
    folder.write(
        run.model,
        drawn,
        record.apply(drawn.shoot()).faceGuidance(run.studio.usesFaceGuidance(who)),
        kept,
        run.review,
        run.timings);
  }

  private HeadshotStudio studio(BaseModel model) {
    HeadshotStudio studio = rank.apply(HeadshotStudio.on(model));
    return trainSteps == null ? studio : studio.training(studio.trainer().settings().steps(trainSteps));
  }

  private List<ImageFormat> extraFormats() {
    return formats.stream()
        .map(ImageFormat::parse)
        .distinct()
        .filter(format -> format != ImageFormat.PNG)
        .toList();
  }
}
