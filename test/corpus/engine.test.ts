import { corpus } from './support/corpus';

corpus('engine');
