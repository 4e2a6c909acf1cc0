package dev.likeness.studio;

import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.provenance.Disclosure;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Options of a {@link LikenessStudio}. Immutable; setters return a changed copy.
 *
 * @param address the address of the network interface to listen on
 * @param port the port; 0 for a free port that the system chooses
 * @param password the password of the page; empty if the start address with its token is enough
 * @param hostNames names under which browsers may reach the studio, beside {@code localhost} and
 *     addresses in digits
 * @param memoryBytes memory of all running jobs together, in bytes, at least 1
 * @param trainingSteps training steps instead of those that a preset chooses
 * @param samplePhotos recognises a photo file of a person who does not exist; such photos need no
 *     consent; empty if sample photos cannot be added
 * @param disclosure marks and signs headshots and exported files
 * @param models finds and gets models for the page of models; empty if that page only lists them
 * @param loras LoRA files that the playground offers, by their file names
 * @param adapters adapters of identity methods that the page offers beside that of the base and
 *     those of the catalogue, by their file names
 * @param proxy what a reverse proxy that logs users in sends with each request; empty if there is
 *     no such proxy
 * @param policy the intended use; adapters whose licences forbid it are not offered
 */
public record StudioOptions(
    String address,
    int port,
    Optional<String> password,
    List<String> hostNames,
    long memoryBytes,
    OptionalInt trainingSteps,
    Optional<Predicate<byte[]>> samplePhotos,
    Disclosure disclosure,
    Optional<ModelSource> models,
    List<Path> loras,
    List<AdapterFiles> adapters,
    Optional<ProxyHeader> proxy,
    UsePolicy policy) {
  /**
   * An adapter of an identity method, such as InstantID, PhotoMaker, PuLID, InfiniteYou or an
   * IP-Adapter, with the files that its method needs. Immutable; setters return a changed copy.
   *
   * @param adapter the adapter's file; the store and the page know the adapter by its file name
   * @param imageEncoder the image encoder; if it is empty, one of the catalogue is used
   * @param faceEmbedder the face embedder; if it is empty, the folder {@code face_embedder} beside
   *     the adapter is used
   * @param faceParser the face parser of PuLID
   * @param controlNet the folder of the method's own ControlNet
   */
  public record AdapterFiles(
      Path adapter,
      Optional<Path> imageEncoder,
      Optional<Path> faceEmbedder,
      Optional<Path> faceParser,
      Optional<Path> controlNet) {
    /**
     * {@return an adapter without further files}
     *
     * @param adapter the adapter's file
     */
    public static AdapterFiles of(Path adapter) {
      return new AdapterFiles(
          adapter, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /**
     * {@return a copy with an image encoder}
     *
     * @param path the folder or file of the image encoder that the adapter was trained with
     */
    public AdapterFiles imageEncoder(Path path) {
      return new AdapterFiles(adapter, Optional.of(path), faceEmbedder, faceParser, controlNet);
    }

    /**
     * {@return a copy with a face embedder}
     *
     * @param file the file of the face embedder that the adapter was trained with
     */
    public AdapterFiles faceEmbedder(Path file) {
      return new AdapterFiles(adapter, imageEncoder, Optional.of(file), faceParser, controlNet);
    }

    /**
     * {@return a copy with a face parser}
     *
     * @param file the file of the face parser
     */
    public AdapterFiles faceParser(Path file) {
      return new AdapterFiles(adapter, imageEncoder, faceEmbedder, Optional.of(file), controlNet);
    }

    /**
     * {@return a copy with the method's own ControlNet}
     *
     * @param folder the folder of the ControlNet
     */
    public AdapterFiles controlNet(Path folder) {
      return new AdapterFiles(adapter, imageEncoder, faceEmbedder, faceParser, Optional.of(folder));
    }
  }

  /**
   * The header by which a reverse proxy shows that it has logged the user in. The proxy must
   * replace this header in requests of users. Because the value is secret, nobody who reaches the
   * studio beside the proxy can send it.
   *
   * @param name the name of the header, such as {@code X-Likeness-Proxy}
   * @param secret its value, at least {@link #MIN_PASSWORD_LENGTH} visible ASCII characters
   */
  public record ProxyHeader(String name, String secret) {
    /**
     * Checks the header.
     *
     * @throws IllegalArgumentException if the name is not that of a header, or the secret is too
     *     short or has other characters
     */
    public ProxyHeader {
      if (!name.matches("[A-Za-z][A-Za-z0-9-]{0,63}")) {
        throw new IllegalArgumentException(
            "the name of the proxy's header must be letters, digits and hyphens, such as"
                + " X-Likeness-Proxy");
      }
      if (secret.length() < MIN_PASSWORD_LENGTH || !secret.matches("[!-~]+")) {
        throw new IllegalArgumentException("the secret of the proxy's header must be at least "
            + MIN_PASSWORD_LENGTH + " visible ASCII characters, without spaces");
      }
    }

    /** {@return the name of the header; never the secret} */
    @Override
    public String toString() {
      return name;
    }
  }

  /** The smallest length of a {@link #password}, in characters. */
  public static final int MIN_PASSWORD_LENGTH = 12;

  private static final Pattern HOST_NAME =
      Pattern.compile("(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})*");
  private static final String LOOPBACK = "127.0.0.1";
  private static final int MAX_PORT = 65_535;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if a value is out of its range, if the password is shorter
   *     than {@link #MIN_PASSWORD_LENGTH}, or if another address than the loopback interface has
   *     neither a password nor a proxy
   */
  public StudioOptions {
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException(
          "the port must be 0 to " + MAX_PORT + ", got " + port + "; 0 chooses a free port");
    }
    if (memoryBytes < 1) {
      throw new IllegalArgumentException(
          "the memory of all jobs must be at least 1 byte, got " + memoryBytes);
    }
    if (trainingSteps.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "the number of training steps must be at least 1, got " + trainingSteps.getAsInt());
    }
    if (password.filter(word -> word.length() < MIN_PASSWORD_LENGTH).isPresent()) {
      throw new IllegalArgumentException("the password of the studio has fewer than "
          + MIN_PASSWORD_LENGTH + " characters; give a longer one");
    }
    if (password.isEmpty() && proxy.isEmpty() && !isLoopback(address)) {
      throw new IllegalArgumentException("other computers could reach the studio on " + address
          + " without a password; give a password or the header of a reverse proxy, or listen on "
          + LOOPBACK);
    }
    hostNames = List.copyOf(hostNames);
    for (String name : hostNames) {
      if (!HOST_NAME.matcher(name).matches()) {
        throw new IllegalArgumentException("the host name must be a name such as"
            + " studio.example.org, without scheme, port and path, got " + Quoted.of(name));
      }
    }
    loras = List.copyOf(loras);
    adapters = List.copyOf(adapters);
    long names =
        adapters.stream().map(one -> one.adapter().getFileName()).distinct().count();
    if (names < adapters.size()) {
      throw new IllegalArgumentException(
          "two adapters have the same file name, by which the page knows them; rename one");
    }
  }

  /**
   * {@return the default options: the loopback interface, a free port, no password and no memory
   * limit}
   */
  public static StudioOptions defaults() {
    return new StudioOptions(
        LOOPBACK,
        0,
        Optional.empty(),
        List.of(),
        Long.MAX_VALUE,
        OptionalInt.empty(),
        Optional.empty(),
        Disclosure.standard(),
        Optional.empty(),
        List.of(),
        List.of(),
        Optional.empty(),
        UsePolicy.NON_COMMERCIAL);
  }

  private StudioOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.build();
  }

  /** The components of options that are being changed. */
  private static final class Draft {
    String address;
    int port;
    Optional<String> password;
    List<String> hostNames;
    long memoryBytes;
    OptionalInt trainingSteps;
    Optional<Predicate<byte[]>> samplePhotos;
    Disclosure disclosure;
    Optional<ModelSource> models;
    List<Path> loras;
    List<AdapterFiles> adapters;
    Optional<ProxyHeader> proxy;
    UsePolicy policy;

    Draft(StudioOptions options) {
      address = options.address;
      port = options.port;
      password = options.password;
      hostNames = options.hostNames;
      memoryBytes = options.memoryBytes;
      trainingSteps = options.trainingSteps;
      samplePhotos = options.samplePhotos;
      disclosure = options.disclosure;
      models = options.models;
      loras = options.loras;
      adapters = options.adapters;
      proxy = options.proxy;
      policy = options.policy;
    }

    StudioOptions build() {
      return new StudioOptions(
          address,
          port,
          password,
          hostNames,
          memoryBytes,
          trainingSteps,
          samplePhotos,
          disclosure,
          models,
          loras,
          adapters,
          proxy,
          policy);
    }
  }

  private static boolean isLoopback(String address) {
    return address.equals("localhost")
        || address.equals("::1")
        || address.matches("127(\\.[0-9]{1,3}){3}");
  }

  /**
   * {@return a copy of these options with the given address and password}
   *
   * @param other the address of the network interface, such as {@code 0.0.0.0} for all
   * @param word the password that the page asks for, at least {@link #MIN_PASSWORD_LENGTH}
   *     characters
   * @throws IllegalArgumentException if the password is too short
   */
  public StudioOptions listen(String other, String word) {
    return with(draft -> {
      draft.address = other;
      draft.password = Optional.of(word);
    });
  }

  /**
   * {@return a copy of these options with the given port}
   *
   * @param n the port; 0 for a free port
   * @throws IllegalArgumentException if the port is not 0 to 65535
   */
  public StudioOptions port(int n) {
    return with(draft -> draft.port = n);
  }

  /**
   * {@return a copy of these options with the given names} A request with another host name is
   * refused, so that a page of another site cannot reach the studio by DNS rebinding.
   *
   * @param names host names without port, such as {@code studio.example}
   */
  public StudioOptions hostNames(List<String> names) {
    return with(draft -> draft.hostNames = names);
  }

  /**
   * {@return a copy of these options with the given memory of all running jobs together}
   *
   * @param bytes the memory in bytes, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public StudioOptions memoryBytes(long bytes) {
    return with(draft -> draft.memoryBytes = bytes);
  }

  /**
   * {@return a copy of these options with the given number of training steps for every training}
   *
   * @param n the number of steps, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public StudioOptions trainingSteps(int n) {
    return with(draft -> draft.trainingSteps = OptionalInt.of(n));
  }

  /**
   * {@return a copy of these options that recognises sample photos} Only if a person is added as a
   * sample, every photo must be one of them, and no consent is asked for.
   *
   * @param recognises true for the bytes of a photo file that shows a person who does not exist
   */
  public StudioOptions samplePhotos(Predicate<byte[]> recognises) {
    return with(draft -> draft.samplePhotos = Optional.of(recognises));
  }

  /**
   * {@return a copy of these options with the given marks of headshots and exported files}
   *
   * @param other marks and signs the files; the default is {@link Disclosure#standard()}, whose
   *     signing key is public
   */
  public StudioOptions disclosure(Disclosure other) {
    return with(draft -> draft.disclosure = other);
  }

  /**
   * {@return a copy of these options whose page of models finds and gets models}
   *
   * @param source finds models on this machine, and downloads one when the user asks for it
   */
  public StudioOptions models(ModelSource source) {
    return with(draft -> draft.models = Optional.of(source));
  }

  /**
   * {@return a copy of these options whose playground offers the given LoRA files}
   *
   * @param files LoRA files of the base's family, with different file names
   */
  public StudioOptions loras(List<Path> files) {
    return with(draft -> draft.loras = files);
  }

  /**
   * {@return a copy of these options whose page offers the given adapters of identity methods}
   * Photos that an adapter encoded show a person without training.
   *
   * @param others adapters with different file names
   * @throws IllegalArgumentException if two have the same file name
   */
  public StudioOptions adapters(List<AdapterFiles> others) {
    return with(draft -> draft.adapters = others);
  }

  /**
   * {@return a copy of these options that listens on an address for a reverse proxy that logs users
   * in} The start address then has no token.
   *
   * @param other the address of the network interface, such as {@code 0.0.0.0} for all
   * @param header what the proxy sends with each request
   */
  public StudioOptions listen(String other, ProxyHeader header) {
    return with(draft -> {
      draft.address = other;
      draft.proxy = Optional.of(header);
    });
  }

  /**
   * {@return a copy of these options for the given use}
   *
   * @param use with {@link UsePolicy#COMMERCIAL}, an adapter is refused if its own licence, or that
   *     of a network that it needs, forbids commercial use
   */
  public StudioOptions policy(UsePolicy use) {
    return with(draft -> draft.policy = use);
  }

  /** {@return the address and port; never the password} */
  @Override
  public String toString() {
    return "studio on " + address + ", port " + port;
  }
}
