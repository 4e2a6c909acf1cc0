package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a {@link ModelHub} downloads from and to. The names of the environment variables, and their
 * order, are those of Python's {@code huggingface_hub} 2.4 ({@code constants.py}). The token
 * appears in no message and in no text of this object.
 */
public final class HubSettings {
  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final String CIVITAI = "https://civitai.com";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final int LONGEST_TOKEN = 4096;

  private final URI endpoint;
  private final Path cache;
  private final Path files;
  private final Optional<String> token;
  private final boolean offline;
  private final int parallel;
  private final Map<String, String> environment;
  private final Patience patience;

  /**
   * How long the client waits.
   *
   * @param answer the longest time until the first byte of an answer
   * @param stall the longest time between two parts of a body
   * @param backOff the time before the second attempt; doubled for each further one
   */
  record Patience(Duration answer, Duration stall, Duration backOff) {}

  private HubSettings(
      URI endpoint,
      Path cache,
      Path files,
      Optional<String> token,
      boolean offline,
      int parallel,
      Map<String, String> environment,
      Patience patience) {
    this.endpoint = endpoint;
    this.cache = cache;
    this.files = files;
    this.token = token;
    this.offline = offline;
    this.parallel = parallel;
    this.environment = environment;
    this.patience = patience;
  }

  /**
   * {@return the settings of the environment of this process} Without variables, the hub is
   * {@code https://huggingface.co} and the cache {@code ~/.cache/huggingface/hub}.
   *
   * @throws InvalidInputException if a variable has a value that cannot be used
   */
  public static HubSettings fromEnvironment() {
    return of(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  /**
   * {@return the settings of an environment}
   *
   * @param environment names and values of variables
   * @param home the home folder of the user
   * @throws InvalidInputException if a variable has a value that cannot be used
   */
  public static HubSettings of(Map<String, String> environment, Path home) {
    Variables variables = new Variables(environment, home);
    return new HubSettings(
        endpoint(variables.text("HF_ENDPOINT").orElse(DEFAULT_ENDPOINT)),
        variables.cache(),
        variables.files(),
        variables.token(),
        variables.flag("HF_HUB_OFFLINE") || variables.flag("TRANSFORMERS_OFFLINE"),
        4,
        Map.copyOf(environment),
        new Patience(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(1)));
  }

  /**
   * {@return these settings with another hub}
   *
   * @param address the address of the hub, as {@code https://huggingface.co}
   * @throws InvalidInputException if it is no address of a server
   */
  public HubSettings endpoint(URI address) {
    return new HubSettings(
        endpoint(address.toString()),
        cache,
        files,
        token,
        offline,
        parallel,
        environment,
        patience);
  }

  /**
   * {@return these settings with another cache}
   *
   * @param folder the folder that contains {@code models--owner--name}
   */
  public HubSettings cache(Path folder) {
    return new HubSettings(
        endpoint, folder, files, token, offline, parallel, environment, patience);
  }

  /**
   * {@return these settings with a token}
   *
   * @param secret a token of the hub
   */
  public HubSettings token(String secret) {
    return new HubSettings(
        endpoint,
        cache,
        files,
        Optional.of(checked(secret, "the token")),
        offline,
        parallel,
        environment,
        patience);
  }

  /**
   * {@return these settings with or without connections}
   *
   * @param only true to use only what is in the cache
   */
  public HubSettings offline(boolean only) {
    return new HubSettings(endpoint, cache, files, token, only, parallel, environment, patience);
  }

  /**
   * {@return these settings with another number of files that are downloaded at once}
   *
   * @param count from 1 to 16; 4 is the default
   * @throws IllegalArgumentException if the number is out of range
   */
  public HubSettings parallel(int count) {
    if (count < 1 || count > 16) {
      throw new IllegalArgumentException("parallel is " + count + "; expected 1 to 16");
    }
    return new HubSettings(endpoint, cache, files, token, offline, count, environment, patience);
  }

  HubSettings patience(Patience other) {
    return new HubSettings(endpoint, cache, files, token, offline, parallel, environment, other);
  }

  /** {@return the address of the hub, without a slash at its end} */
  public URI endpoint() {
    return endpoint;
  }

  /** {@return the folder that contains {@code models--owner--name}} */
  public Path cache() {
    return cache;
  }

  /**
   * {@return the folder of files that were downloaded from addresses} Without other settings, it is
   * {@code XDG_DATA_HOME/likeness/models}, else {@code ~/.local/share/likeness/models}.
   */
  public Path files() {
    return files;
  }

  /**
   * {@return these settings with another folder of files that were downloaded from addresses}
   *
   * @param folder the folder
   */
  public HubSettings files(Path folder) {
    return new HubSettings(
        endpoint, cache, folder, token, offline, parallel, environment, patience);
  }

  /** Returns the address of Civitai, or of its mirror. */
  URI civitai() {
    String mirror = environment.getOrDefault("CIVITAI_ENDPOINT", "").strip();
    return endpoint("CIVITAI_ENDPOINT", mirror.isEmpty() ? CIVITAI : mirror);
  }

  Optional<String> civitaiToken() {
    return Optional.ofNullable(environment.get("CIVITAI_TOKEN"))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .map(text -> checked(text, "CIVITAI_TOKEN"));
  }

  /** {@return true if only files of the cache are used} */
  public boolean isOffline() {
    return offline;
  }

  /** {@return true if there is a token} */
  public boolean hasToken() {
    return token.isPresent();
  }

  Optional<String> secret() {
    return token;
  }

  int parallel() {
    return parallel;
  }

  Map<String, String> environment() {
    return environment;
  }

  Patience patience() {
    return patience;
  }

  boolean usesSharedStore() {
    return !isTrue(environment.get("HF_HUB_DISABLE_SHARED_BLOBS"));
  }

  private static URI endpoint(String text) {
    return endpoint("HF_ENDPOINT", text);
  }

  private static URI endpoint(String variable, String text) {
    try {
      URI address = new URI(text.replaceFirst("/+$", ""));
      String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
      if ((scheme.equals("https") || scheme.equals("http"))
          && address.getHost() != null
          && address.getRawUserInfo() == null
          && address.getRawQuery() == null
          && address.getRawFragment() == null) {
        return address;
      }
    } catch (URISyntaxException e) {
      // Told below; the text of the exception would repeat the address.
    }
    throw new InvalidInputException(variable + " is " + Quoted.of(text)
        + "; expected the address of a server without user name and password, such as "
        + (variable.equals("HF_ENDPOINT") ? DEFAULT_ENDPOINT : CIVITAI));
  }

  private static boolean isTrue(String value) {
    return value != null && TRUE.contains(value.toUpperCase(Locale.ROOT));
  }

  private static String checked(String secret, String source) {
    if (secret.length() > LONGEST_TOKEN
        || secret.isEmpty()
        || secret.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new InvalidInputException(
          source + " is no token: expected one line of letters, digits and signs");
    }
    return secret;
  }

  @Override
  public String toString() {
    return "HubSettings[endpoint=" + endpoint + ", cache=" + cache + ", token="
        + (token.isPresent() ? "set" : "none") + ", offline=" + offline + "]";
  }

  /** The variables of huggingface_hub. */
  private record Variables(Map<String, String> values, Path home) {
    Optional<String> text(String name) {
      return Optional.ofNullable(values.get(name)).map(String::strip).filter(v -> !v.isEmpty());
    }

    boolean flag(String name) {
      return isTrue(values.get(name));
    }

    Optional<Path> path(String name) {
      return text(name)
          .map(value -> value.equals("~") || value.startsWith("~/")
              ? home.resolve(value.substring(Math.min(2, value.length())))
              : Path.of(value));
    }

    Path hfHome() {
      return path("HF_HOME")
          .orElseGet(
              () -> path("XDG_CACHE_HOME").orElse(home.resolve(".cache")).resolve("huggingface"));
    }

    Path files() {
      return path("XDG_DATA_HOME")
          .orElse(home.resolve(".local").resolve("share"))
          .resolve("likeness")
          .resolve("models");
    }

    Path cache() {
      return path("HF_HUB_CACHE")
          .or(() -> path("HUGGINGFACE_HUB_CACHE"))
          .orElseGet(() -> hfHome().resolve("hub"));
    }

    Optional<String> token() {
      if (flag("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
        return Optional.empty();
      }
      Optional<String> given = text("HF_TOKEN").or(() -> text("HUGGING_FACE_HUB_TOKEN"));
      if (given.isPresent()) {
        return Optional.of(checked(given.get(), "HF_TOKEN"));
      }
      Path file = path("HF_TOKEN_PATH").orElseGet(() -> hfHome().resolve("token"));
      try {
        if (!Files.isRegularFile(file) || Files.size(file) > LONGEST_TOKEN) {
          return Optional.empty();
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        return text.isEmpty() ? Optional.empty() : Optional.of(checked(text, file.toString()));
      } catch (IOException e) {
        throw new InvalidInputException(
            "cannot read the token in " + file + ": " + Quoted.reason(e), e);
      }
    }
  }
}
