import { corpus } from './support/corpus';

corpus('fetch');
