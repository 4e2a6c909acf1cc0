package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.provenance.Disclosure;
import dev.likeness.studio.LikenessStudio;
import dev.likeness.studio.StudioOptions;
import dev.likeness.vault.SubjectStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness studio}: serves the studio in the browser. */
@Command(
    name = "studio",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Starts a studio in the browser on this machine: photos, training, headshots, "
        + "choice and export. Prints the address to open. Ctrl-C ends it; unfinished jobs go on "
        + "at the next start.")
public final class StudioCommand implements Runnable {
  private static final Path FOLDER = Path.of("likeness-studio");
  private static final String LOOPBACK = "127.0.0.1";
  private static final long PAUSE_NANOS = 100_000_000;
  private static final int MAX_PORT = 65_535;

  private final Console console;

  @Mixin
  private BaseOptions base;

  @Mixin
  private VaultOptions store;

  @NumberRange(min = 0, max = MAX_PORT)
  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "0",
      description = "port (default: a free one)")
  private int port;

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS",
      description =
          "address to listen on instead of the loopback interface, such as 0.0.0.0; needs "
              + "--password-file or --proxy-secret-file. The connection is not encrypted: use it in "
              + "a trusted network, or behind a reverse proxy with TLS")
  private String listen;

  @PathUse(Use.READ)
  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "file with the password of the page, at least 12 characters")
  private Path passwordFile;

  @PathUse(Use.READ)
  @Option(
      names = "--proxy-secret-file",
      paramLabel = "FILE",
      description = "instead of a password: file with a secret, at least 12 characters, that a "
          + "reverse proxy sends in the header --proxy-header once it has logged a user in")
  private Path proxySecretFile;

  @Option(
      names = "--proxy-header",
      paramLabel = "NAME",
      defaultValue = "X-Likeness-Proxy",
      description = "header of the reverse proxy (default: ${DEFAULT-VALUE})")
  private String proxyHeader;

  @Option(
      names = "--host-name",
      paramLabel = "NAME",
      description = "name under which browsers reach the studio, such as that of a reverse proxy; "
          + "may be repeated. Other names are refused")
  private List<String> hostNames = List.of();

  @Option(
      names = "--job-memory",
      paramLabel = "SIZE",
      description = "memory of all running jobs together, such as 12GiB (default: no limit)")
  private String memory;

  @NumberRange(min = 1, max = NumberRange.MAX_TRAINING_STEPS)
  @Option(
      names = "--train-steps",
      paramLabel = "N",
      description = "training steps of every training (default: depends on the preset that is "
          + "chosen on the page)")
  private Integer trainSteps;

  @PathUse(Use.READ)
  @ModelFile(Role.ACCELERATOR)
  @Option(
      names = "--lora",
      paramLabel = "FILE",
      description = "LoRA that the page Playground offers; may be repeated")
  private List<Path> loras = List.of();

  @Mixin
  private MethodOptions method;

  /** Creates the subcommand with the console that it prints to. */
  public StudioCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    StudioOptions options = options();
    try (SubjectStore people = store.openOr(FOLDER, console);
        LikenessStudio studio = LikenessStudio.start(base::open, people, options)) {
      console.out().println(studio.address());
      console.out().flush();
      console.err().println("open this address in a browser; Ctrl-C ends the studio");
      console.err().flush();
      while (!console.cancellation().isCancelled()) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private StudioOptions options() {
    StudioOptions options = StudioOptions.defaults()
        .port(port)
        .hostNames(hostNames)
        .samplePhotos(ExamplePhotos::isExample)
        .disclosure(disclosure())
        .models(new HubModels())
        .loras(loras)
        .adapters(adapters())
        .policy(base.policy());
    if (memory != null) {
      options = options.memoryBytes(MemoryBudget.of(memory).bytes());
    }
    if (trainSteps != null) {
      options = options.trainingSteps(trainSteps);
    }
    if (listen != null && passwordFile == null && proxySecretFile == null) {
      throw new IllegalArgumentException("--listen " + listen + " lets other computers reach the"
          + " studio and needs a password; give --password-file FILE, or --proxy-secret-file FILE"
          + " with a reverse proxy");
    }
    String address = listen == null ? LOOPBACK : listen;
    if (proxySecretFile != null) {
      options = options.listen(
          address,
          new StudioOptions.ProxyHeader(
              proxyHeader, SecretFile.read("proxy secret", proxySecretFile)));
    }
    return passwordFile == null
        ? options
        : options.listen(address, SecretFile.read("password", passwordFile));
  }

  private List<StudioOptions.AdapterFiles> adapters() {
    if (method.adapter.adapter() == null) {
      if (method.adapter.isGiven() || method.controlNet != null) {
        throw new IllegalArgumentException("--image-encoder, --adapter-embedder, --face-parser and"
            + " --identity-controlnet belong to an adapter; give --ip-adapter FILE");
      }
      return List.of();
    }
    return List.of(new StudioOptions.AdapterFiles(
        method.adapter.adapter(),
        Optional.ofNullable(method.adapter.encoder()),
        Optional.ofNullable(method.adapter.embedder()),
        Optional.ofNullable(method.adapter.faceParser()),
        Optional.ofNullable(method.controlNet)));
  }

  private Disclosure disclosure() {
    Disclosure standard = Disclosure.standard();
    return store.signing().identity().map(standard::signer).orElse(standard);
  }

  /** The files of an identity method that the page offers. */
  @Command(optionListHeading = "Identity")
  private static final class MethodOptions {
    @Mixin
    private AdapterFileOptions adapter;

    @PathUse(Use.READ)
    @ModelFile
    @Option(
        names = "--identity-controlnet",
        paramLabel = "FOLDER",
        description = "ControlNet of the method of --ip-adapter: the folder that its publishers "
            + "give out beside the adapter")
    private Path controlNet;
  }
}
