package dev.likeness.integrations.spring;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.studio.LikenessStudio;
import dev.likeness.studio.StudioOptions;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

/**
 * Mounts the studio's HTTP API in the application, if the property {@code likeness.studio.path} is
 * set, and {@code likeness-studio-web} and Spring MVC are on the class path. Who can reach this
 * path can use all people of the store: the application must protect it.
 */
@AutoConfiguration(after = LikenessAutoConfiguration.class)
@EnableConfigurationProperties(LikenessStudioProperties.class)
@ConditionalOnClass({LikenessStudio.class, SimpleUrlHandlerMapping.class})
@ConditionalOnBean(BaseModel.class)
@ConditionalOnProperty("likeness.studio.path")
public class LikenessStudioAutoConfiguration {
  private static final String LOOPBACK = "127.0.0.1";
  private static final String HEADER = "X-Likeness-Application";
  private static final int SECRET_BYTES = 32;

  /** Creates the configuration. */
  public LikenessStudioAutoConfiguration() {}

  /** The studio's secret for requests of this application. */
  record Secret(StudioOptions.ProxyHeader header) {}

  @Bean
  Secret likenessStudioSecret() {
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    return new Secret(new StudioOptions.ProxyHeader(HEADER, HexFormat.of().formatHex(random)));
  }

  /**
   * {@return the store of people; the context closes it}
   *
   * @param properties the folder and the key file
   * @throws IllegalStateException if one of them is not set
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  SubjectStore likenessSubjectStore(LikenessStudioProperties properties) {
    Path store = require(properties.store(), "store", "a folder");
    Path keyFile = require(properties.keyFile(), "key-file", "a file outside this folder");
    return SubjectStore.open(
        store,
        Files.exists(keyFile) ? WrappingKey.ofFile(keyFile) : WrappingKey.createFile(keyFile));
  }

  private static Path require(@Nullable String path, String property, String what) {
    if (path == null || path.isBlank()) {
      throw new IllegalStateException("the studio needs a store of people: set the property"
          + " likeness.studio." + property + " to " + what + ", or define a SubjectStore bean");
    }
    return Path.of(path);
  }

  /**
   * {@return the studio, on the loopback interface and behind this application; the context closes
   * it}
   *
   * @param base the base model of the application
   * @param store the people
   * @param secret the secret of this application
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  LikenessStudio likenessWebStudio(BaseModel base, SubjectStore store, Secret secret) {
    return LikenessStudio.start(
        () -> base, store, StudioOptions.defaults().listen(LOOPBACK, secret.header()));
  }

  @Bean
  SimpleUrlHandlerMapping likenessStudioMapping(
      LikenessStudioProperties properties, LikenessStudio studio, Secret secret) {
    String path = "/" + String.valueOf(properties.path()).replaceAll("^/+|/+$", "");
    HttpRequestHandler api = new StudioApi(studio.address(), secret.header(), path);
    return new SimpleUrlHandlerMapping(Map.of(path + "/api/**", api), -1);
  }

  /** Ends jobs and streams of events before the web server waits for open requests. */
  @Bean
  SmartLifecycle likenessStudioShutdown(LikenessStudio studio) {
    return new StudioShutdown(studio);
  }

  private static final class StudioShutdown implements SmartLifecycle {
    private final LikenessStudio studio;
    private volatile boolean isRunning;

    private StudioShutdown(LikenessStudio studio) {
      this.studio = studio;
    }

    @Override
    public void start() {
      isRunning = true;
    }

    @Override
    public void stop() {
      isRunning = false;
      studio.close();
    }

    @Override
    public boolean isRunning() {
      return isRunning;
    }
  }
}
