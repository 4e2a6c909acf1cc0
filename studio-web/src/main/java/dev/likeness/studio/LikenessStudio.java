package dev.likeness.studio;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.studio.internal.http.Access;
import dev.likeness.studio.internal.http.ProxyLogin;
import dev.likeness.studio.internal.http.StudioServer;
import dev.likeness.studio.internal.work.AdapterFiles;
import dev.likeness.studio.internal.work.ModelAccess;
import dev.likeness.studio.internal.work.Studio;
import dev.likeness.vault.SubjectStore;
import java.net.URI;
import java.util.function.Supplier;

/**
 * A studio in the browser: serves the page and the HTTP API, and runs the jobs. People, photos and
 * headshots are kept in the encrypted store only. Thread-safe.
 *
 * <p>Jobs that a stopped or killed process left unfinished go on when a studio is started on the
 * same store.
 */
public final class LikenessStudio implements AutoCloseable {
  private final Studio studio;
  private final StudioServer server;

  private LikenessStudio(Studio studio, StudioServer server) {
    this.studio = studio;
    this.server = server;
  }

  /**
   * Starts a studio. The page can be opened at once; the base is opened on another thread, and the
   * page says so.
   *
   * @param base opens the base model; the studio calls it once, and closes the model
   * @param store the people; the caller closes it after the studio
   * @param options address, password and limits
   * @return the running studio; the caller closes it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the address cannot be listened
   *     on, for example because another program uses the port
   */
  public static LikenessStudio start(
      Supplier<BaseModel> base, SubjectStore store, StudioOptions options) {
    Studio studio = new Studio(
        store,
        new Studio.Limits(options.memoryBytes(), options.trainingSteps(), options.policy()),
        options.samplePhotos(),
        options.disclosure(),
        options.models().map(LikenessStudio::access),
        options.loras(),
        options.adapters().stream()
            .map(files -> new AdapterFiles(
                files.adapter(),
                files.imageEncoder(),
                files.faceEmbedder(),
                files.faceParser(),
                files.controlNet()))
            .toList());
    try {
      StudioServer server = StudioServer.start(
          studio,
          new Access(
              options.address(),
              options.port(),
              options.password(),
              options.hostNames(),
              options.proxy().map(header -> new ProxyLogin(header.name(), header.secret()))));
      studio.open(base);
      return new LikenessStudio(studio, server);
    } catch (RuntimeException e) {
      studio.close();
      throw e;
    }
  }

  private static ModelAccess access(ModelSource source) {
    return new ModelAccess(
        source::find,
        model -> {
          ModelSource.Download download = source.plan(model);
          return new ModelAccess.Plan(
              download.host(), download.bytes(), download.missingBytes(), download.licence());
        },
        source::get);
  }

  /**
   * {@return the address to open in a browser} Unless the studio has a password or a proxy, it
   * contains the token that opens the studio, so it is secret.
   */
  public URI address() {
    return server.address();
  }

  /**
   * Stops the server and the jobs, and closes the base. Unfinished jobs stay in the store. A second
   * call does nothing.
   */
  @Override
  public void close() {
    server.close();
    studio.close();
  }
}
