package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** One sentence for each way in which a hub or the network can fail. */
final class HubFailures {
  private static final Pattern WAIT = Pattern.compile("\\bt=(\\d{1,9})");

  private HubFailures() {}

  /**
   * What a request is about, for messages.
   *
   * @param file the file; empty for the whole repository
   */
  record Subject(String repository, String revision, Optional<String> file) {
    static Subject of(HubAddress address) {
      return new Subject(address.repository(), address.revision(), Optional.empty());
    }

    Subject file(String name) {
      return new Subject(repository, revision, Optional.of(name));
    }

    @Override
    public String toString() {
      return file.map(name -> repository + ":" + Quoted.value(name)).orElse(repository);
    }
  }

  /** Returns the failure of an answer that is neither a success nor a redirect. */
  static IOException status(
      HubClient.Answer answer, Subject subject, HubSettings settings, boolean hub) {
    String host = answer.address().getHost();
    int status = answer.status();
    String code = answer.header("X-Error-Code").orElse("");
    String token = settings.hasToken() ? "your token" : "an anonymous caller (HF_TOKEN is not set)";
    if (status == 429) {
      return busy(answer, host, settings);
    }
    if (status == 408 || status >= 500) {
      return new HubClient.Passing(
          host + " answered " + status + " for " + subject, Optional.empty());
    }
    if (!hub) {
      // The signed address of a large file has run out; the hub gives a new one.
      return status == 401 || status == 403 || status == 404 || status == 410
          ? new HubClient.Passing(
              host + " no longer gives " + subject + " at the address that the hub had signed ("
                  + status + ")",
              Optional.empty())
          : throwing(new InvalidInputException(
              host + " answered " + status + " for " + subject + "; check your proxy"));
    }
    if (status == 407) {
      throw new ResourceLimitException("the proxy asks for a name and a password; give them as"
          + " HTTPS_PROXY=http://name:password@host:port, and start Java with"
          + " -Djdk.http.auth.tunneling.disabledSchemes= (empty)");
    }
    if (code.equals("GatedRepo") || status == 403 && code.isEmpty()) {
      throw new InvalidInputException(subject.repository() + " is gated: accept its licence at "
          + settings.endpoint() + "/" + subject.repository() + " in a browser, then "
          + (settings.hasToken()
              ? "give a token of the same account that may read gated repositories as HF_TOKEN"
              : "set HF_TOKEN to a token of the same account"));
    }
    if (code.equals("RevisionNotFound")) {
      throw new InvalidInputException(subject.repository() + " has no revision "
          + Quoted.of(subject.revision()) + "; its branches and tags: " + settings.endpoint() + "/"
          + subject.repository() + "/tree/main");
    }
    if (code.equals("EntryNotFound")) {
      throw new InvalidInputException(subject.repository() + " has no file "
          + Quoted.of(subject.file().orElse("")) + " in revision "
          + Quoted.of(subject.revision()) + "; its files: " + settings.endpoint() + "/"
          + subject.repository() + "/tree/" + subject.revision());
    }
    if (status == 401 || status == 403 || status == 404) {
      throw new InvalidInputException(settings.endpoint() + " shows no repository "
          + subject.repository() + " to " + token
          + "; check its name, and for a private repository set HF_TOKEN to a token that may read"
          + " it");
    }
    throw new InvalidInputException(
        host + " answered " + status + " for " + subject + "; check HF_ENDPOINT and your proxy");
  }

  private static IOException throwing(LikenessException e) {
    throw e;
  }

  private static IOException busy(HubClient.Answer answer, String host, HubSettings settings) {
    Optional<Duration> wait = wait(answer);
    return new HubClient.Passing(
        host + " gets too many requests from you"
            + (wait.isPresent() ? " and asks to wait " + wait.get().toSeconds() + " s" : "")
            + (settings.hasToken() ? "" : "; a token in HF_TOKEN has a higher limit"),
        wait);
  }

  /** Returns a failure that may pass after the time that the server asks for. */
  static IOException passing(HubClient.Answer answer, String message) {
    return new HubClient.Passing(message, wait(answer));
  }

  private static Optional<Duration> wait(HubClient.Answer answer) {
    OptionalLong seconds = answer
        .header("RateLimit")
        .map(WAIT::matcher)
        .filter(Matcher::find)
        .map(found -> OptionalLong.of(Long.parseLong(found.group(1))))
        .orElseGet(() -> answer.number("Retry-After"));
    return seconds.isPresent()
        ? Optional.of(Duration.ofSeconds(seconds.getAsLong()))
        : Optional.empty();
  }

  /** The answer is not one of a hub: a page for people, or something else. */
  static InvalidInputException notHub(String host, Subject subject) {
    return notSuch(host, "a hub", "check HF_ENDPOINT", subject);
  }

  /** The answer is not one of this kind of site. */
  static InvalidInputException notSuch(String host, String kind, String check, Subject subject) {
    return new InvalidInputException(host + " does not answer as " + kind
        + " does when asked for " + subject + "; " + check
        + ", and whether a proxy asks you to log in");
  }

  /** Returns true if another attempt cannot help. */
  static boolean isFinal(IOException e) {
    return e instanceof SSLException && !String.valueOf(e.getMessage()).contains("closed")
        || e instanceof UnknownHostException
        || isUnresolved(e);
  }

  /** Returns true if the other machine refused the connection, so that it is not overloaded. */
  static boolean isRefused(IOException e) {
    return e instanceof ConnectException && !isUnresolved(e);
  }

  private static boolean isUnresolved(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return true;
      }
    }
    return false;
  }

  /** Returns the exception of a connection that failed for good. */
  static LikenessException of(IOException e, String host, int attempts) {
    String times = attempts == 1 ? "" : " (" + attempts + " attempts)";
    if (e instanceof HubClient.Passing) {
      return new ResourceLimitException(e.getMessage() + times + "; try again later", e);
    }
    if (e instanceof SSLException) {
      return new ResourceLimitException(
          host + " cannot prove who it is (" + Quoted.reason(e)
              + "): a proxy may open the connection; add its certificate to Java's trust store, or"
              + " check the clock of this machine",
          e);
    }
    if (e instanceof UnknownHostException || isUnresolved(e)) {
      return new ResourceLimitException(
          host + " is not known here; check the network, HF_ENDPOINT and HTTPS_PROXY, or use the"
              + " cache alone with HF_HUB_OFFLINE=1",
          e);
    }
    if (e instanceof ConnectException) {
      return new ResourceLimitException(
          "cannot connect to " + host + times
              + "; check the network, HF_ENDPOINT and HTTPS_PROXY, or use the cache alone with"
              + " HF_HUB_OFFLINE=1",
          e);
    }
    if (e instanceof HttpTimeoutException) {
      return new ResourceLimitException(
          host + " does not answer" + times + "; check the network and HTTPS_PROXY, or try later",
          e);
    }
    return new ResourceLimitException(
        "the connection to " + host + " was lost" + times + ": " + Quoted.reason(e)
            + "; run the same again to go on where it ended",
        e);
  }
}
