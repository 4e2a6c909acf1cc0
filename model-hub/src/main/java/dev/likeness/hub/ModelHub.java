package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Run;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Downloads models from a hub into the cache of huggingface_hub. It opens connections only while
 * one of its methods runs. Thread-safe.
 *
 * <p>A download goes on where an earlier one of this library ended. A file gets its name in the
 * cache only when it is whole and its digest is the one that the hub gave; a snapshot gets its
 * files when all of them are there. Two processes of this library download a file once. Files that
 * Python downloads at the same time may be downloaded twice, and both are whole.
 */
public final class ModelHub {
  private static final long LARGEST_TEXT = 16L << 20;

  private final HubSettings settings;
  private final HubClient client;

  private ModelHub(HubSettings settings) {
    this.settings = settings;
    this.client = new HubClient(settings, Site.hub(settings));
  }

  /**
   * {@return the hub of this process's environment} No connection is opened yet.
   *
   * @throws InvalidInputException if an environment variable cannot be used
   */
  public static ModelHub open() {
    return open(HubSettings.fromEnvironment());
  }

  /**
   * {@return a hub with settings} No connection is opened yet.
   *
   * @param settings address, cache and token
   */
  public static ModelHub open(HubSettings settings) {
    return new ModelHub(settings);
  }

  /** {@return the settings of this hub} */
  public HubSettings settings() {
    return settings;
  }

  /** {@return the cache that this hub downloads to} */
  public HubCache cache() {
    return HubCache.of(settings);
  }

  /**
   * Downloads what is missing of a model.
   *
   * @param address {@code owner/name[@revision][:file]}; see {@link HubAddress}
   * @return the folder or file that {@code BaseModel.open} takes
   * @throws IllegalArgumentException if the address has another form
   * @throws InvalidInputException if the hub refuses, or sends something else
   * @throws ResourceLimitException if the hub cannot be reached, or the disk is full
   */
  public Path get(String address) {
    return get(address, Run.silent());
  }

  /**
   * Downloads what is missing of a model.
   *
   * @param address {@code owner/name[@revision][:file]}; see {@link HubAddress}
   * @param run receives the phase {@code download}, whose steps are mebibytes, and can cancel
   * @return the folder or file that {@code BaseModel.open} takes
   * @throws IllegalArgumentException if the address has another form
   * @throws InvalidInputException if the hub refuses, or sends something else
   * @throws ResourceLimitException if the hub cannot be reached, or the disk is full
   */
  public Path get(String address, Run run) {
    return get(HubAddress.parse(address), run);
  }

  /**
   * Downloads what is missing of a model.
   *
   * @param address the repository, and perhaps a file of it
   * @return the folder or file that {@code BaseModel.open} takes
   * @throws InvalidInputException if the hub refuses, or sends something else
   * @throws ResourceLimitException if the hub cannot be reached, or the disk is full
   */
  public Path get(HubAddress address) {
    return get(address, Run.silent());
  }

  /**
   * Downloads what is missing of a model. Offline, it returns what the cache has.
   *
   * @param address the repository, and perhaps a file of it
   * @param run receives the phase {@code download}, whose steps are mebibytes, and can cancel
   * @return the folder or file that {@code BaseModel.open} takes
   * @throws InvalidInputException if the hub refuses, or sends something else
   * @throws ResourceLimitException if the hub cannot be reached, or the disk is full
   */
  public Path get(HubAddress address, Run run) {
    return run.report(() -> {
      if (settings.isOffline()) {
        return cached(address);
      }
      return download(plan(address), run);
    });
  }

  /**
   * Downloads what is missing of a plan.
   *
   * @param plan a plan of this hub
   * @return the folder or file that {@code BaseModel.open} takes
   * @throws InvalidInputException if the hub refuses, or sends something else
   * @throws ResourceLimitException if the hub cannot be reached, or the disk is full
   */
  public Path get(DownloadPlan plan) {
    return get(plan, Run.silent());
  }

  /**
   * Downloads what is missing of a plan.
   *
   * @param plan a plan of this hub
   * @param run receives the phase {@code download}, whose steps are mebibytes, and can cancel
   * @return the folder or file that {@code BaseModel.open} takes
   * @throws InvalidInputException if the hub refuses, or sends something else
   * @throws ResourceLimitException if the hub cannot be reached, or the disk is full
   */
  public Path get(DownloadPlan plan, Run run) {
    return run.report(() -> download(plan, run));
  }

  /**
   * Downloads a file from its address, unless it is there. It has its name only when it has the
   * digest. No token is sent, except Civitai's ({@code CIVITAI_TOKEN}) to Civitai.
   *
   * @param file the address, and the digest of what it gives
   * @return the file, in the folder {@link HubSettings#files}
   * @throws InvalidInputException if the server refuses, or sends something else
   * @throws ResourceLimitException if the server cannot be reached, or the disk is full
   */
  public Path get(WebFile file) {
    return get(file, Run.silent());
  }

  /**
   * Downloads a file from its address, as {@link #get(WebFile)}.
   *
   * @param file the address, and the digest of what it gives
   * @param run receives the phase {@code download}, whose steps are mebibytes, and can cancel
   * @return the file, in the folder {@link HubSettings#files}
   * @throws InvalidInputException if the server refuses, or sends something else
   * @throws ResourceLimitException if the server cannot be reached, or the disk is full
   */
  public Path get(WebFile file, Run run) {
    return run.report(() -> new WebDownload(settings).get(file, run));
  }

  /**
   * {@return the length of a file in bytes, as its server tells it} Downloads nothing.
   *
   * @param file the address
   * @throws InvalidInputException if the server refuses, or does not tell the length
   * @throws ResourceLimitException if the server cannot be reached
   */
  public long size(WebFile file) {
    return new WebDownload(settings).size(file);
  }

  /**
   * Asks Civitai for the file of a version of a model. Downloads nothing else.
   *
   * @param version the number of the version, {@code modelVersionId} in the address of its page
   * @return the primary file, with the digest that Civitai gives
   * @throws InvalidInputException if Civitai has no such version, or gives no digest
   * @throws ResourceLimitException if Civitai cannot be reached
   */
  public WebFile civitai(long version) {
    return new WebDownload(settings).civitai(version, Optional.empty());
  }

  /**
   * Asks Civitai for one of the files of a version of a model. Downloads nothing else.
   *
   * @param version the number of the version, {@code modelVersionId} in the address of its page
   * @param part a part of the name that no other file of the version has
   * @return the file, with the digest that Civitai gives
   * @throws InvalidInputException if Civitai has no such version, gives no digest, or no or several
   *     files have the part in their names
   * @throws ResourceLimitException if Civitai cannot be reached
   */
  public WebFile civitai(long version, String part) {
    return new WebDownload(settings).civitai(version, Optional.of(part));
  }

  /**
   * Chooses the files of a repository that the library opens: safetensors before pickles, and one
   * precision of several. Downloads lists and small configurations only, and writes nothing.
   *
   * @param address the repository, and perhaps a file of it
   * @return the files, and which of them are missing in the cache
   * @throws InvalidInputException if the repository has no such files, or several that only the
   *     caller can choose from
   * @throws ResourceLimitException if the hub cannot be reached
   */
  public DownloadPlan plan(HubAddress address) {
    return plan(address, WeightPrecision.AS_PUBLISHED);
  }

  /**
   * Chooses the files of a repository that the library opens, in a precision.
   *
   * @param address the repository, and perhaps a file of it
   * @param precision which of several files with the same weights
   * @return the files, and which of them are missing in the cache
   * @throws InvalidInputException if the repository has no such files, or several that only the
   *     caller can choose from
   * @throws ResourceLimitException if the hub cannot be reached
   */
  public DownloadPlan plan(HubAddress address, WeightPrecision precision) {
    HubRepository repository = repository(address);
    NeededFiles needed = NeededFiles.of(repository, precision, file -> text(repository, file));
    CacheFolder cache = folder(address);
    return new DownloadPlan(
        repository,
        needed.files(),
        needed.files().stream()
            .filter(file -> !cache.has(repository.commit(), file))
            .toList(),
        needed.opened());
  }

  /**
   * Asks the hub for a revision of a repository and its list of files.
   *
   * @param address the repository and its revision
   * @return what the hub says
   * @throws InvalidInputException if the hub shows no such repository or revision, or if a file has
   *     a name that leads out of the repository
   * @throws ResourceLimitException if the hub cannot be reached
   */
  public HubRepository repository(HubAddress address) {
    requireOnline(address);
    HubFailures.Subject subject = HubFailures.Subject.of(address);
    String api = "/api/models/" + address.repository();
    URI about = client.at(api + "/revision/" + HubClient.encoded(address.revision()));
    if (!(client.page(about, subject).value() instanceof Map<?, ?> info)
        || !(info.get("sha") instanceof String commit)
        || !CacheFolder.COMMIT.matcher(commit).matches()) {
      throw HubFailures.notHub(about.getHost(), subject);
    }
    URI tree = client.at(api + "/tree/" + commit + "?recursive=true&expand=false");
    List<HubFile> files = new ArrayList<>();
    for (Object entry : client.list(tree, subject)) {
      if (entry instanceof Map<?, ?> values && "file".equals(values.get("type"))) {
        files.add(file(values, subject));
      }
    }
    Object gated = info.get("gated");
    Optional<String> licence =
        info.get("cardData") instanceof Map<?, ?> card && card.get("license") instanceof String name
            ? Optional.of(Quoted.value(name))
            : Optional.empty();
    return new HubRepository(
        address, commit, licence, gated != null && !Boolean.FALSE.equals(gated), files);
  }

  /**
   * Reads only the headers of a repository, or of a file in it.
   *
   * @param address the repository, and perhaps a file of it
   * @return a temporary folder or file whose headers are those of the repository. Its owner closes
   *     it
   * @throws InvalidInputException if the hub refuses, or a header is no header
   * @throws ResourceLimitException if the hub cannot be reached
   */
  public RemoteHeaders headers(HubAddress address) {
    HubRepository repository = repository(address);
    NeededFiles needed =
        NeededFiles.of(repository, WeightPrecision.AS_PUBLISHED, file -> text(repository, file));
    return RemoteHeaders.read(client, repository, needed);
  }

  private static HubFile file(Map<?, ?> values, HubFailures.Subject subject) {
    String name = String.valueOf(values.get("path"));
    if (!HubAddress.isInside(name)) {
      throw new InvalidInputException(subject + " lists the file " + Quoted.of(name)
          + ", whose name is not a relative path with '/'; nothing was downloaded");
    }
    Object size = values.get("size");
    Object etag = values.get("oid");
    if (values.get("lfs") instanceof Map<?, ?> large) {
      size = large.get("size") == null ? size : large.get("size");
      etag = large.get("oid");
    }
    if (!(size instanceof Number bytes)
        || bytes.longValue() < 0
        || !(etag instanceof String digest)
        || !BlobHash.isDigest(digest)) {
      throw new InvalidInputException("the hub lists " + subject.file(name)
          + " without its length and digest, so it cannot be checked; check HF_ENDPOINT");
    }
    return new HubFile(
        name,
        bytes.longValue(),
        digest,
        values.get("xetHash") instanceof String hash ? Optional.of(hash) : Optional.empty());
  }

  private void requireOnline(HubAddress address) {
    if (settings.isOffline()) {
      throw new InvalidInputException("HF_HUB_OFFLINE is set, so " + address.repository()
          + " is not asked for; unset it to use the network");
    }
  }

  /** Returns a small file as text, from the cache if it is there. */
  private String text(HubRepository repository, HubFile file) {
    Path cached = folder(repository.address()).snapshot(repository.commit()).resolve(file.name());
    HubFailures.Subject subject = HubFailures.Subject.of(repository.address()).file(file.name());
    if (file.size() > LARGEST_TEXT) {
      throw new InvalidInputException(subject + " has " + file.size() + " bytes; expected at most "
          + LARGEST_TEXT + " for a file of its kind");
    }
    try {
      if (Files.isRegularFile(cached) && Files.size(cached) == file.size()) {
        return Files.readString(cached, StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      // The hub has it too.
    }
    URI address =
        client.fileAddress(repository.address().repository(), repository.commit(), file.name());
    return client.repeat(address, () -> {
      try (HubClient.Answer answer = client.get(address, subject, Optional.empty())) {
        return new String(answer.body().bytes(LARGEST_TEXT), StandardCharsets.UTF_8);
      }
    });
  }

  private CacheFolder folder(HubAddress address) {
    return new CacheFolder(settings, address.repository());
  }

  /** Returns what the cache has of an address; nothing is asked of the hub. */
  private Path cached(HubAddress address) {
    CacheFolder cache = folder(address);
    Optional<Path> snapshot =
        cache.commit(address.revision()).map(cache::snapshot).filter(Files::isDirectory);
    Path folder = snapshot.orElseThrow(() -> new InvalidInputException(address
        + " is not in the cache " + settings.cache()
        + ", and HF_HUB_OFFLINE is set; unset it and get the model once"));
    return NeededFiles.openedIn(folder, address);
  }

  private Path download(DownloadPlan plan, Run run) {
    HubRepository repository = plan.repository();
    requireOnline(repository.address());
    CacheFolder cache = folder(repository.address());
    if (!plan.missing().isEmpty()) {
      cache.requireSpace(plan.missing().stream()
          .mapToLong(file -> file.size() - size(cache.unfinished(file.etag())))
          .sum());
      cache.create();
      fetch(plan, cache, run);
    }
    plan.files().forEach(file -> cache.link(repository.commit(), file));
    cache.writeRef(repository.address().revision(), repository.commit());
    Path snapshot = cache.snapshot(repository.commit());
    return plan.opened().isEmpty() ? snapshot : snapshot.resolve(plan.opened());
  }

  private static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  /** Downloads the missing blobs. */
  private void fetch(DownloadPlan plan, CacheFolder cache, Run run) {
    HubRepository repository = plan.repository();
    List<BlobDownload> downloads = distinct(plan.missing()).stream()
        .map(file -> new BlobDownload(
            client,
            cache,
            file,
            client.fileAddress(repository.address().repository(), repository.commit(), file.name()),
            HubFailures.Subject.of(repository.address()).file(file.name()),
            BlobDownload.Source.HUB))
        .toList();
    ParallelDownload.run(downloads, settings.parallel(), run);
  }

  // Two files with the same content are one blob.
  private static List<HubFile> distinct(List<HubFile> files) {
    return files.stream()
        .filter(file -> files.stream()
                .filter(other -> other.etag().equals(file.etag()))
                .findFirst()
                .orElseThrow()
            == file)
        .toList();
  }
}
