package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.opencv.SuperResolution;
import dev.likeness.provenance.Disclosure;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness headshot}: generates headshots from photos of a person. */
@Command(
    name = "headshot",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Generates headshots from photos of a person, or from a person file.")
public final class HeadshotCommand implements Runnable, WritesFiles {
  private final Console console;

  @Mixin
  private PhotoOptions photos;

  @PathUse(Use.READ)
  @Option(
      names = "--person",
      paramLabel = "FILE",
      description = "the person, instead of --photos: " + IdentityOptions.PERSON_FILES)
  private Path person;

  @Mixin
  private ShootOptions generate;

  @PathUse(Use.READ)
  @ModelFile(Role.UPSCALER)
  @Option(
      names = "--upscaler",
      paramLabel = "FILE",
      description = "Real-ESRGAN upscaler (safetensors, pth or ONNX), for a --size above 1.5 times "
          + "the base's own")
  private Path upscaler;

  @Mixin
  private BaseOptions base;

  @Mixin
  private BaseOptions.MemoryOptions memory;

  @Mixin
  private IdentityOptions identity;

  @Mixin
  private IdentityControlOptions control;

  @Mixin
  private ReferenceOptions references;

  @Mixin
  private RankOption rank;

  @NumberRange(min = 1, max = NumberRange.MAX_TRAINING_STEPS)
  @Option(
      names = "--train-steps",
      paramLabel = "N",
      description = "training steps (default: depends on the base and the number of photos)")
  private Integer trainSteps;

  @Mixin
  private ShootOptions.AspectOption aspect;

  @Option(
      names = "--also",
      paramLabel = "FORMAT",
      split = ",",
      description = "also writes each headshot as jpeg or webp")
  private List<String> formats = List.of();

  @Mixin
  private SelectionOptions selection;

  @Mixin
  private FaceOptions faces;

  @Mixin
  private FaceGuidanceOption faceGuidance;

  @Mixin
  private VaultOptions store;

  private Optional<Path> trainingAdapter = Optional.empty();

  @Mixin
  private DisclosureOptions disclosure;

  @PathUse(Use.WRITTEN)
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "output folder for headshot-001.png and so on, contact-sheet.png, report.html "
          + "and record.json, and for preview.png after the first third of a training. Without "
          + "--store it also gets the person: person.safetensors of a training, "
          + "person-ipadapter.safetensors of photos for an IP-Adapter, and "
          + "person-references.safetensors of photos for a base that edits images")
  private Path out;

  @Mixin
  private OverwriteOption overwrite;

  /** Creates the subcommand with the console that it prints to. */
  public HeadshotCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    return List.of(
        Output.folder("--out", out),
        Output.names(
            "--out",
            out,
            ShootFolder.RESULTS
                + (source().isReviewed() ? "|(person|references?)\\.safetensors" : "")
                + (person == null ? "|" + TrainingPreviewFile.NAMES : "")));
  }

  private PersonSource source() {
    return new PersonSource(photos, person, store, out, console, Optional.empty());
  }

  @Override
  public void run() {
    if (photos.isGiven() == (person != null)) {
      throw new IllegalArgumentException("give either --photos PHOTO|DIR or --person FILE (try "
          + TypedCommand.of("headshot --help") + ")");
    }
    requireUsed();
    source().requireOwnFiles(identity.method());
    identity.require(base.folder(), base.name(), control, base.policy());
    identity.requireUsed(control, base.folder(), console);
    control.requirePhotos(photos.isGiven());
    ShootRequest request = generate.request(base, identity, console);
    selection.validate(request);
    if (person != null && !store.isGiven()) {
      identity.requireReadable(person);
    }
    photos.profile();
    disclosure.disclosure(store.signing());
    extraFormats();
    aspect.validate();
    ShootFolder.Earlier earlier = ShootFolder.Earlier.in(out, overwrite.isGiven());
    ShootFolder.requireWritable(out, disclosure.disclosure(store.signing()));
    store.requireWritable(photos, console);
    trainingAdapter = photos.isGiven() && identity.method().trains()
        ? TrainingRecipe.adapter(base, console)
        : Optional.empty();
    try (ReviewTools tools = faces.open(base.policy());
        SuperResolution network = upscaler == null ? null : SuperResolution.open(upscaler);
        FaceGuidanceOption.GivenNetworks given =
            faceGuidance.openNetworks(base.folder(), tools.detector(), base.policy())) {
      run(request, tools, network == null ? Upscaler.CUBIC : network::upscale, given, earlier);
    }
    base.tellOfOthers(console);
  }

  /** Refuses options that have no effect. */
  private void requireUsed() {
    references.requireUsed(identity.method(), photos.isGiven());
    if ((trainSteps != null || rank.isGiven())
        && (person != null || !identity.method().trains())) {
      throw new IllegalArgumentException(
          "--train-steps and --rank need --photos and an --identity that trains; leave them out");
    }
    if (memory.isGiven() && photos.isGiven() && identity.method().trains()) {
      throw new IllegalArgumentException("--memory, --eight-bits and --eight-bit-products are for"
          + " generating, and a training needs the network as it is; train with "
          + TypedCommand.of("train") + ", then give its file with --person");
    }
    if (person != null) {
      photos.missingConsent().requireMissing(store, identity.files(person));
    }
    if (person != null && (faces.hasQualityModel() || photos.hasPersonPhoto())) {
      throw new IllegalArgumentException((faces.hasQualityModel() ? "--face-quality" : "--who")
          + " applies to --photos only; leave it out");
    }
    if (person != null
        && !identity.method().trains()
        && !photos.profile().traits().isEmpty()) {
      throw new IllegalArgumentException(
          "--trait does not apply to a reference file; to change traits, give --photos with"
              + " --trait");
    }
  }

  /**
   * The objects of one run of this command.
   *
   * @param review null for a person from a file or store
   * @param faceEmbedder the base's face embedder, or null
   * @param earlier the results that the folder had
   */
  private record ShootContext(
      HeadshotStudio studio,
      BaseModel model,
      PhotoReview review,
      ShootRequest request,
      ReviewTools tools,
      FaceEmbedder faceEmbedder,
      ShootFolder.Earlier earlier,
      ShootFolder.Timings timings) {}

  private void run(
      ShootRequest request,
      ReviewTools tools,
      Upscaler enlarger,
      FaceGuidanceOption.GivenNetworks given,
      ShootFolder.Earlier earlier) {
    ShootFolder.Timings watch = new ShootFolder.Timings();
    PersonSource source = source();
    ReviewTools reviewing = photos.isGiven() ? tools.withEmbedderIn(base.folder()) : tools;
    PhotoReview review = source.isReviewed() ? photos.review(reviewing, console) : null;
    if (review != null) {
      photos.warn(base, console);
      PhotoOptions.printOfOnePerson(review, console);
      if (identity.method().usesAdapter()) {
        source.requireSamePerson(review);
      }
      watch.lap("photos");
    }
    try (FaceEmbedder own = ReviewTools.embedderIn(base.folder()).orElse(null);
        ControlNet net = identity.openControlNet(control, base).orElse(null);
        BaseModel model = memory.open(base, request.size(), Optional.ofNullable(net), console);
        FaceGuidance held = faceGuidance.open(given, base.folder(), model, tools.detector())) {
      watch.lap("open");
      if (identity.method().showsImages()) {
        ReferencePhotos.requireEditing(model);
        source.requireSameImages(review, references.choice(), model);
      }
      HeadshotStudio plain = FaceGuidanceOption.on(studio(model), held).upscaler(enlarger);
      plain.validate(request);
      if (upscaler != null && !plain.needsUpscaling(request)) {
        throw new IllegalArgumentException(
            "--upscaler has an effect only if --size is above 1.5 times the base's own size of "
                + model.defaults().width() + "; leave --upscaler out");
      }
      aspect
          .findShortage(
              request.styles(),
              request.size().orElse(model.defaults().width()),
              model.sizeMultiple())
          .map(Quoted::line)
          .ifPresent(console.err()::println);
      HeadshotStudio studio = tools
          .embedder()
          .or(() -> Optional.ofNullable(own))
          .map(plain::embedder)
          .orElse(plain);
      try (IdentityOptions.LoadedAdapter eye =
          identity.open(base.folder(), model, base.policy(), net).orElse(null)) {
        TrainingPreviewFile preview = new TrainingPreviewFile(
            out, overwrite.isGiven(), disclosure.disclosure(store.signing()), console);
        Progress shown = preview.with(ConsoleProgress.on(console));
        PersonSource known = inStore(source, studio, reviewing, eye, preview, watch);
        try (LoraPerson trained =
            identity.method().trains() ? known.open(studio, model, review, shown, watch) : null) {
          HeadshotPerson person = identity.method().showsImages()
              ? withImages(known, studio, model, review, trained)
              : eye == null
                  ? HeadshotPerson.of(model, trained, review)
                  : HeadshotPerson.of(
                      model,
                      posed(
                          known.ipAdapterPerson(studio, review, identity, eye, trained),
                          eye,
                          known.stored().orElse(review),
                          request,
                          model),
                      eye.adapter(),
                      trained,
                      review);
          if (this.person != null) {
            FaceOptions.requireLengths(
                person.kept(),
                this.person,
                tools.embedder().orElse(null),
                own,
                held == null ? null : held.embedder());
          }
          if (identity.method() != IdentityOptions.Method.LORA) {
            watch.lap("references");
          }
          generate(
              new ShootContext(studio, model, review, request, tools, own, earlier, watch), person);
        }
      }
    }
  }

  /** Stores the person, if a store is given. A failed training leaves no preview of the person. */
  private PersonSource inStore(
      PersonSource source,
      HeadshotStudio studio,
      ReviewTools tools,
      IdentityOptions.LoadedAdapter eye,
      TrainingPreviewFile preview,
      ShootFolder.Timings watch) {
    try {
      return source.inStore(
          studio,
          tools,
          identity.method(),
          references.choice(),
          eye,
          preview.with(ConsoleProgress.on(console)),
          watch);
    } catch (RuntimeException | Error e) {
      preview.delete();
      throw e;
    }
  }

  /** Adds the keypoints of the face to a person of a method that takes them. */
  private IpAdapterPerson posed(
      IpAdapterPerson person,
      IdentityOptions.LoadedAdapter eye,
      PhotoReview review,
      ShootRequest request,
      BaseModel model) {
    int width = request.size().orElse(model.defaults().width());
    int height = request.size().orElse(model.defaults().height());
    return eye.controlNet()
        .map(net -> person.withControl(control.image(
            net,
            eye.adapter().kind(),
            review == null
                ? Stream.empty()
                : review.accepted().stream()
                    .map(photo -> new IdentityControlOptions.PhotoFace(photo.image(), photo.face()))
                    .filter(found -> found.face().landmarks().isPresent()),
            width,
            height)))
        .orElse(person);
  }

  private HeadshotPerson withImages(
      PersonSource source,
      HeadshotStudio studio,
      BaseModel model,
      PhotoReview review,
      LoraPerson trained) {
    ReferenceImagesPerson first =
        source.referenceImagesPerson(studio, model, review, identity, references.choice());
    if (references.others().isEmpty()) {
      return HeadshotPerson.of(
          model,
          first,
          trained,
          review == null ? null : references.choice().choose(review, model).others());
    }
    return HeadshotPerson.of(
        model,
        new ReferenceImagesPerson.Group(Stream.concat(
                Stream.of(first),
                references.others().stream()
                    .map(other -> store.referenceImagesPerson(other, model, console)))
            .toList()));
  }

  private void generate(ShootContext run, HeadshotPerson person) {
    Identity who = person.who();
    boolean guided = run.studio.usesFaceGuidance(who);
    faceGuidance.requireUsed(guided);
    ReviewTools tools = FaceOptions.withEmbedderOf(run.tools, run.faceEmbedder, person.kept());
    Disclosure marking = disclosure.disclosure(store.signing());
    ShootFolder folder = new ShootFolder(out, run.earlier, extraFormats(), marking, tools, console);
    ShootOptions.AspectOption.Crop crop = aspect.crop(tools.detector());
    SelectionOptions.GeneratedShoot generated = folder.generateOrRescue(
        run.studio,
        studio -> selection.generate(
            studio,
            ScoreLimits.of(run.model),
            who,
            person.kept(),
            person.judges(),
            run.request,
            tools,
            new SelectionOptions.Delivery(crop, marking),
            new Run(ConsoleProgress.on(console), console.cancellation())),
        finished -> person.record().apply(new Shoot(run.request, finished)).faceGuidance(guided));
    generated.shoot().headshots().stream()
        .flatMap(shot -> crop.notice(shot).stream())
        .forEach(console.err()::println);
    run.timings.lap("generation");
    folder.write(
        run.model,
        generated,
        person.record().apply(generated.shoot()).faceGuidance(guided),
        person.adapterLikeness(generated, tools.detector()),
        who,
        person.kept(),
        run.review,
        person.judges(),
        run.timings);
  }

  private HeadshotStudio studio(BaseModel model) {
    HeadshotStudio untrained = HeadshotStudio.on(model).training(rank::apply);
    HeadshotStudio plain = untrained.trainer(untrained.trainer().preview());
    HeadshotStudio studio = trainingAdapter
        .map(file -> plain.trainer(plain.trainer().trainingAdapter(file)))
        .orElse(plain);
    return trainSteps == null ? studio : studio.training(usual -> usual.steps(trainSteps));
  }

  private List<ImageFormat> extraFormats() {
    return formats.stream()
        .map(ImageFormat::parse)
        .distinct()
        .filter(format -> format != ImageFormat.PNG)
        .toList();
  }
}
