package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Run;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Downloads files of other sites than hubs: of any address, and of Civitai. Source of Civitai's
 * answers: <a href="https://developer.civitai.com/site/reference/model-versions">its public
 * reference</a>.
 */
final class WebDownload {
  private static final Pattern TOTAL = Pattern.compile("bytes 0-0/(\\d{1,18})");

  private final HubSettings settings;
  private final FileStore files;

  WebDownload(HubSettings settings) {
    this.settings = settings;
    this.files = FileStore.of(settings);
  }

  /** Downloads a file, unless it is there. */
  Path get(WebFile file, Run run) {
    Optional<Path> here = files.find(file);
    if (here.isPresent()) {
      return here.get();
    }
    requireOnline(file.toString());
    HubClient client = client(file);
    HubFailures.Subject subject = subject(file.name());
    long size = size(client, file, subject);
    BlobPlace place = files.place(file.name());
    place.requireSpace(size);
    Path target = place.blob(file.sha256());
    try {
      Files.createDirectories(target.getParent());
    } catch (IOException e) {
      throw place.unusable(target.getParent(), e);
    }
    ParallelDownload.run(
        List.of(new BlobDownload(
            client,
            place,
            new HubFile(file.name(), size, file.sha256(), Optional.empty()),
            file.address(),
            subject,
            BlobDownload.Source.WEB)),
        1,
        run);
    return target;
  }

  /** Returns the length of a file. */
  long size(WebFile file) {
    requireOnline(file.toString());
    return size(client(file), file, subject(file.name()));
  }

  private HubClient client(WebFile file) {
    boolean isCivitai = HubHosts.ofSite(settings.civitai()).isOwn(file.address());
    return new HubClient(settings, isCivitai ? civitai() : any(file.address()));
  }

  private static long size(HubClient client, WebFile file, HubFailures.Subject subject) {
    return client.repeat(file.address(), () -> {
      try (HubClient.Answer answer =
          client.get(file.address(), subject, Optional.of("bytes=0-0"))) {
        Matcher total = TOTAL.matcher(answer.header("Content-Range").orElse(""));
        OptionalLong length = answer.status() == 206 && total.matches()
            ? OptionalLong.of(Long.parseLong(total.group(1)))
            : answer.status() == 200 ? answer.number("Content-Length") : OptionalLong.empty();
        return length.orElseThrow(
            () -> new InvalidInputException(answer.address().getHost()
                + " does not tell the length of " + file.name()
                + "; download the file with a browser, and give its path"));
      }
    });
  }

  /** Asks Civitai for the file of a version. */
  WebFile civitai(long version, Optional<String> part) {
    requireOnline("civitai:" + version);
    HubClient client = new HubClient(settings, civitai());
    HubFailures.Subject subject = subject("version " + version);
    URI about = client.at("/api/v1/model-versions/" + version);
    if (!(client.page(about, subject).value() instanceof Map<?, ?> info)
        || !(info.get("files") instanceof List<?> listed)) {
      throw civitai().notSuch(about.getHost(), subject);
    }
    if (info.get("usageControl") instanceof String use && !use.equals("Download")) {
      throw new InvalidInputException(about.getHost() + " does not give the files of version "
          + version + " (" + Quoted.of(use) + "); choose another version");
    }
    List<Map<?, ?>> weights = new ArrayList<>();
    for (Object each : listed) {
      if (each instanceof Map<?, ?> file && !"Training Data".equals(file.get("type"))) {
        weights.add(file);
      }
    }
    return webFile(chosen(weights, version, part), version);
  }

  private static Map<?, ?> chosen(List<Map<?, ?>> all, long version, Optional<String> part) {
    List<Map<?, ?>> fitting = all.stream()
        .filter(file -> part.isEmpty()
            || name(file).toLowerCase(Locale.ROOT).contains(part.get().toLowerCase(Locale.ROOT)))
        .toList();
    if (part.isPresent() && fitting.size() != 1 || fitting.isEmpty()) {
      throw new InvalidInputException("version " + version + " of Civitai has "
          + (fitting.isEmpty() ? "no such file" : "several such files") + "; its files: "
          + String.join(", ", all.stream().map(file -> Quoted.value(name(file))).toList()));
    }
    return fitting.stream()
        .filter(file -> Boolean.TRUE.equals(file.get("primary")))
        .findFirst()
        .orElse(fitting.get(0));
  }

  private static String name(Map<?, ?> file) {
    return String.valueOf(file.get("name"));
  }

  private WebFile webFile(Map<?, ?> file, long version) {
    Object digest = file.get("hashes") instanceof Map<?, ?> hashes ? hashes.get("SHA256") : null;
    if (!(digest instanceof String sha256) || !(file.get("downloadUrl") instanceof String url)) {
      throw new InvalidInputException("Civitai gives version " + version + " without "
          + (digest instanceof String ? "its address" : "its SHA-256")
          + ", so it cannot be checked; download the file with a browser, and give its path");
    }
    URI to = civitai().hosts().redirect(settings.civitai(), url);
    try {
      return new WebFile(to, name(file), sha256.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "version " + version + " of Civitai cannot be used: " + e.getMessage(), e);
    }
  }

  private static HubFailures.Subject subject(String name) {
    return new HubFailures.Subject(Quoted.value(name), HubAddress.MAIN, Optional.empty());
  }

  private void requireOnline(String what) {
    if (settings.isOffline()) {
      throw new ResourceLimitException(
          "HF_HUB_OFFLINE is set, so " + what + " is not asked for; unset it to use the network");
    }
  }

  private Site civitai() {
    URI address = settings.civitai();
    return new Site(
        address,
        HubHosts.ofSite(address),
        settings.civitaiToken(),
        (answer, subject, own) -> refusal(
            answer,
            subject,
            own,
            settings.civitaiToken().isPresent()
                ? "check that the account of CIVITAI_TOKEN may download it"
                : "set CIVITAI_TOKEN to an API key of your account"),
        "Civitai");
  }

  private static Site any(URI address) {
    URI server = URI.create(address.getScheme() + "://" + address.getRawAuthority());
    return new Site(
        server,
        HubHosts.ofSite(server),
        Optional.empty(),
        (answer, subject, own) ->
            refusal(answer, subject, own, "download the file with a browser, and give its path"),
        "a server of files");
  }

  private static IOException refusal(
      HubClient.Answer answer, HubFailures.Subject subject, boolean own, String advice) {
    String host = answer.address().getHost();
    int status = answer.status();
    if (status == 429 || status == 408 || status >= 500) {
      return HubFailures.passing(answer, host + " answered " + status + " for " + subject);
    }
    if (!own && List.of(401, 403, 404, 410).contains(status)) {
      // A signed address has run out; the site gives a new one.
      return new HubClient.Passing(
          host + " no longer gives " + subject + " at its signed address (" + status + ")",
          Optional.empty());
    }
    if (status == 401 || status == 403) {
      throw new InvalidInputException(
          host + " gives " + subject + " only with an account (" + status + "); " + advice);
    }
    if (status == 404 || status == 410) {
      throw new InvalidInputException(
          host + " has no " + subject + "; check the address in a browser");
    }
    throw new InvalidInputException(
        host + " answered " + status + " for " + subject + "; check the address and your proxy");
  }
}
